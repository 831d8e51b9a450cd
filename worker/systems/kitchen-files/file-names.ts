import type { NameRules } from '../../pipeline/system';

/** Null: the name may be written so. */
const fitting = (name: string): string | null => {
  const legal = legalName(name, 'file');
  return legal === name ? null : legal;
};

/** Names that every system of documents can take: exports and photos are filed on Windows shares and in SharePoint. */
export const fileNames: NameRules = { isCaseBlind: false, form: 'any', fitting };

/** At most 120 characters, without those that a suffix adds. */
const beginning = /^.{0,120}/su;

/** The name without what a file system forbids. `otherwise`: if nothing remains of it. */
export function legalName(name: string, otherwise: string): string {
  const written = name
    .normalize('NFC')
    .replaceAll(/[\p{Cc}\p{Cs}"*:<>?/\\|]/gu, '_')
    .replace(/^[\s~]+/u, '');
  const short = (beginning.exec(written)?.[0] ?? '').replace(/[\s.]+$/u, '');
  if (short === '') return otherwise;
  return isReserved(short) ? `_${short}` : short;
}

/** Windows takes these names for devices, with any extension. */
const isReserved = (name: string): boolean => /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(name);

/** `label.jpg`, `a1b2` → `label (a1b2).jpg`. */
export function withSuffix(name: string, suffix: string): string {
  const dot = name.lastIndexOf('.');
  const end = dot > 0 ? dot : name.length;
  return `${name.slice(0, end)} (${suffix})${name.slice(end)}`;
}
