import type { NameRules } from '../../pipeline/system';

// ELO keeps the short name of a document apart from the extension of its file. We show both as one name.

export interface ShortName {
  readonly name: string;
  /** Without its dot; empty: the file has none. */
  readonly extension: string;
}

/** `Plan`, `pdf` → `Plan.pdf`. */
export const fileName = ({ name, extension }: ShortName): string =>
  extension === '' ? name : `${name}.${extension}`;

/**
 * `Plan.pdf` → `Plan`, `pdf`. What is no usual extension stays in the name: that of `Brief an Dr. Müller` is no file of
 * the kind ` Müller`.
 */
export function shortName(file: string): ShortName {
  const [, name = file, extension = ''] = /^(.+)\.([A-Za-z0-9]{1,10})$/s.exec(file) ?? [];
  return { name, extension };
}

/** The column `objshort` of ELO's table of objects. */
export const mostNameCharacters = 128;

/** ELO allows two items of one name in a folder. The connector does not make such. */
export const eloNames: NameRules = { isCaseBlind: false, form: 'any', fitting: fittingName };

/** A name goes to other systems, where a slash would lead into a folder. Half a surrogate pair is no text in UTF-8. */
function fittingName(name: string): string | null {
  const possible = Buffer.from(name)
    .toString()
    .replaceAll(/[/\p{Cc}]/gu, '_');
  const fitting = /^\.{0,2}$/.test(possible) ? '_'.repeat(Math.max(1, possible.length)) : possible;
  const cut = shortened(fitting);
  return cut === name ? null : cut;
}

function shortened(file: string): string {
  if (file.length <= mostNameCharacters) return file;
  const { name, extension } = shortName(file);
  const most = mostNameCharacters - (extension === '' ? 0 : extension.length + 1);
  let cut = '';
  for (const { segment } of new Intl.Segmenter().segment(name)) {
    if (cut.length + segment.length > most) break;
    cut += segment;
  }
  return fileName({ name: cut, extension });
}
