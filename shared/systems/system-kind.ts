import type { z } from 'zod';
import type { Language } from '../domain/language';

/** Every kind of system that a pair can name. Each one is declared in the file with its name. */
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
  'kitchen-files',
] as const;
export type SystemKindName = (typeof systemKindNames)[number];

/** Records have fields; documents have a name, a folder and bytes. A pair has one of the two on both sides. */
export type Holding = 'records' | 'documents';

/** One kind of system: everything that is known without calling it. */
export interface SystemKind {
  readonly name: SystemKindName;
  readonly label: Readonly<Record<Language, string>>;
  readonly holds: Holding;
  /** The members beside `kind` in a system's entry. */
  readonly settings: z.ZodType<object>;
  /** The members beside `system` in `here` or `there`. */
  readonly end: z.ZodType<object>;
  /** Paths in the settings whose values are secrets, e.g. `auth.apiKey`. They are never stored unencrypted. */
  readonly secrets: readonly string[];
  readonly can: KindAbilities;
}

/** The expected abilities of a kind. A probe finds the real abilities of one server. */
export interface KindAbilities {
  /** `delta`: by a cursor of its own; `timestamp`: by a time; `scan`: it is listed whole every time. */
  readonly changes: 'delta' | 'timestamp' | 'scan';
  /**
   * `each`: it lists every deletion; `tops`: for a deleted folder it lists only the folder; `none`: only a whole
   * listing shows deletions.
   */
  readonly deletions: 'each' | 'tops' | 'none';
  /**
   * `conditional`: a write names the revision that it is based on, and the server refuses it if that has changed;
   * `none`: it is only read.
   */
  readonly writes: 'conditional' | 'checked' | 'none';
  /** True: it calls us when something changes. `signed`: it also signs its calls. */
  readonly webhooks: 'signed' | 'unsigned' | 'none';
  /** True: `epack systems prepare` adds the fields that a pair needs. */
  readonly isPreparable: boolean;
  /** True: its items have fields that a pair can keep equal. Documents may have them beside their content. */
  readonly hasFields: boolean;
}
