/** Why a row, an entity, a file or a photo of a package could not be applied. Stable: staff and programs rely on it. */
export const refusalCodes = [
  'above-limit',
  'bad-entity',
  'bad-header',
  'bad-id',
  'bad-photo',
  'bad-quote',
  'bad-statement',
  'bad-value',
  'duplicate-column',
  'duplicate-id',
  'flip-flop',
  'id-conflict',
  'malformed-xml',
  'missing-id',
  'no-id-column',
  'row-too-large',
  'too-large',
  'unknown-message',
  'unterminated-quote',
  'wrong-cell-count',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];
