import type { NameRules } from '../../pipeline/system';

/** The rules of a tree that takes every name that a path can hold. */
export const pathNames: NameRules = { isCaseBlind: false, form: 'any', fitting: fittingName };

/** The most bytes of a name, in UTF-8: what every usual file system takes. */
export const mostNameBytes = 255;

/** Null: the name can stand in a path. Else the nearest one that can: `a/b` → `a_b`, `..` → `__`. */
export function fittingName(name: string): string | null {
  const possible = name.replaceAll(/[/\u0000]/g, '_');
  const fitting = /^\.{0,2}$/.test(possible) ? '_'.repeat(Math.max(1, possible.length)) : possible;
  const cut = shortened(wellFormed(fitting));
  return cut === name ? null : cut;
}

/** A half of a surrogate pair is no text that UTF-8 could hold. */
const wellFormed = (name: string): string => Buffer.from(name).toString();

/** Its end, with the extension, stays. */
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
