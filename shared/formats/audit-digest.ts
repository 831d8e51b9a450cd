import { createHash } from 'node:crypto';

/** A row of the audit trail as PostgreSQL writes it: texts, so that nothing is lost on the way. */
export interface AuditRowText {
  readonly id: string;
  /** In UTC, with microseconds: `2026-11-30T09:41:02.327123Z`. */
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly solutionId: string | null;
  readonly address: string | null;
  /** jsonb as text. */
  readonly before: string | null;
  readonly after: string | null;
}

/** The value before the first link of a chain from which nothing was removed. */
export const chainStart: Uint8Array = Buffer.alloc(32);

/** The next link: SHA-256 of the link before it and of every column, in an order that never changes. */
export function auditLink(previous: Uint8Array, row: AuditRowText): Uint8Array {
  const { id, at, actor, action, solutionId, address, before, after } = row;
  const text = JSON.stringify([id, at, actor, action, solutionId, address, before, after]);
  return createHash('sha256').update(previous).update(text).digest();
}
