/** The most bytes of a name, in UTF-8, that all common file systems accept. */
export const mostNameBytes = 255;

/** Null: the name can be used in a path. Otherwise the most similar name that can: `a/b` → `a_b`, `..` → `__`. */
export function fittingName(name: string): string | null {
  const possible = name.replaceAll(/[/\u0000]/g, '_');
  const fitting = /^\.{0,2}$/.test(possible) ? '_'.repeat(Math.max(1, possible.length)) : possible;
  const cut = shortened(wellFormed(fitting));
  return cut === name ? null : cut;
}

/** Half a surrogate pair cannot be written in UTF-8. */
const wellFormed = (name: string): string => Buffer.from(name).toString();

/** The end of the name, with the extension, is kept. */
function shortened(name: string): string {
  const excess = Buffer.byteLength(name) - mostNameBytes;
  if (excess <= 0) return name;
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && Buffer.byteLength(name.slice(dot)) <= 32 ? name.slice(dot) : '';
  const letters = lettersOf(name.slice(0, name.length - extension.length));
  let bytes = Buffer.byteLength(name);
  while (bytes > mostNameBytes) bytes -= Buffer.byteLength(letters.pop() ?? '');
  return `${letters.join('')}${extension}`;
}

const lettersOf = (name: string): string[] =>
  Array.from(new Intl.Segmenter().segment(name), ({ segment }) => segment);
