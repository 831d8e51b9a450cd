import type { z } from 'zod';
import type { Language } from '../domain/language';

/** Every kind of system that a pair can name. What each one is stands in the file of its name. */
export const systemKindNames = [
  'espocrm',
  'advoware',
  'odoo',
  'sql-server',
  'postgresql',
  'file-tree',
  'webdav',
  'sharepoint',
  'elo',
] as const;
export type SystemKindName = (typeof systemKindNames)[number];

/** Records have fields; documents have a name, a folder and bytes. A pair has one of the two on both sides. */
export type Holding = 'records' | 'documents';

/** One kind of system: all that is known of it without calling it. */
export interface SystemKind {
  readonly name: SystemKindName;
  readonly label: Readonly<Record<Language, string>>;
  /** False: its settings are checked and kept, and this version has no connector that could call it. */
  readonly isAvailable: boolean;
  readonly holds: Holding;
  /** What stands beside `kind` in a system's entry. */
  readonly settings: z.ZodType<object>;
  /** What stands beside `system` in `here` or `there`. */
  readonly end: z.ZodType<object>;
  /** Paths in the settings whose values are secrets, e.g. `auth.apiKey`. They are never kept in the clear. */
  readonly secrets: readonly string[];
  readonly can: KindAbilities;
}

/** What people may expect of a kind. What one server really does is found by a probe. */
export interface KindAbilities {
  /** `delta`: by a cursor of its own; `timestamp`: by a time; `scan`: it is listed whole every time. */
  readonly changes: 'delta' | 'timestamp' | 'scan';
  /** `each`: it tells every deletion; `tops`: of a deleted folder the folder alone; `none`: a whole listing tells. */
  readonly deletions: 'each' | 'tops' | 'none';
  /** `conditional`: a write names what it is based on, and the server refuses it where that has changed. */
  readonly writes: 'conditional' | 'checked';
  /** It calls us when something changes. `signed`: and signs its calls. */
  readonly webhooks: 'signed' | 'unsigned' | 'none';
  /** `epack systems prepare` makes the fields and the webhooks that a pair needs. */
  readonly isPreparable: boolean;
}
