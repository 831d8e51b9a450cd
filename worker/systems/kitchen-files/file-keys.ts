/** What a key names. */
export type FileKey =
  | { readonly kind: 'kitchen'; readonly solutionId: number }
  | { readonly kind: 'month'; readonly solutionId: number; readonly month: string }
  | { readonly kind: 'photo'; readonly solutionId: number; readonly id: string }
  | {
      readonly kind: 'export';
      readonly solutionId: number;
      readonly month: string;
      readonly table: string;
      /** The last load of an addition to a month that retention has cut. Null: the export of the month. */
      readonly addition: string | null;
    };

/** `k12`, `k12/2026-11`, `k12/p345`, `k12/2026-11/tbfridge`, `k12/2026-11/tbfridge/678`. */
export function keyText(key: FileKey): string {
  const kitchen = `k${String(key.solutionId)}`;
  switch (key.kind) {
    case 'kitchen':
      return kitchen;
    case 'month':
      return `${kitchen}/${key.month}`;
    case 'photo':
      return `${kitchen}/p${key.id}`;
    case 'export':
      return `${kitchen}/${key.month}/${key.table}${key.addition === null ? '' : `/${key.addition}`}`;
  }
}

/** Null: no key of this system. */
export function readKey(text: string): FileKey | null {
  const [, kitchen, below, table, addition = null] =
    /^k(\d{1,9})(?:\/(p\d{1,18}|\d{4}-\d\d)(?:\/(\w{1,60})(?:\/(\d{1,18}))?)?)?$/.exec(text) ?? [];
  if (kitchen === undefined) return null;
  const solutionId = Number(kitchen);
  if (below === undefined) return { kind: 'kitchen', solutionId };
  if (below.startsWith('p'))
    return table === undefined ? { kind: 'photo', solutionId, id: below.slice(1) } : null;
  return table === undefined
    ? { kind: 'month', solutionId, month: below }
    : { kind: 'export', solutionId, month: below, table, addition };
}
