import type { NameRules } from '../../pipeline/system';

// ELO stores the short name of a document and the extension of its file separately. We show both as one name.

export interface ShortName {
  readonly name: string;
  /** The extension without its dot. Empty: the file has none. */
  readonly extension: string;
}

/** `Plan`, `pdf` → `Plan.pdf`. */
export const fileName = ({ name, extension }: ShortName): string =>
  extension === '' ? name : `${name}.${extension}`;

/**
 * `Plan.pdf` → `Plan`, `pdf`. An unusual extension stays in the name: `Brief an Dr. Müller` has no extension ` Müller`.
 */
export function shortName(file: string): ShortName {
  const [, name = file, extension = ''] = /^(.+)\.([A-Za-z0-9]{1,10})$/s.exec(file) ?? [];
  return { name, extension };
}

/** The column `objshort` of ELO's table of objects. */
export const mostNameCharacters = 128;

/** ELO allows two items of one name in a folder. The connector does not create such items. */
export const eloNames: NameRules = { isCaseBlind: false, form: 'any', fitting: fittingName };

/**
 * A name is also used in other systems, where a slash would separate folders. Half a surrogate pair cannot be written
 * in UTF-8.
 */
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
