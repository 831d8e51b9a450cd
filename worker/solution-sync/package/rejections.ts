import type { Reason } from '../../../shared/domain/reason';
import type { RefusalCode } from '../../../shared/domain/refusal';

/**
 * An item of a package that could not be applied, with everything that staff need to correct it and process it again.
 */
export interface Rejected {
  readonly kind: 'row' | 'entity' | 'file' | 'photo';
  /** Class or table, if it is known. */
  readonly subject: string | null;
  /** Name inside the package, e.g. `csv/Tbfridge.csv`. */
  readonly file: string;
  /** The first line of the file is 1. */
  readonly line: number | null;
  /** The id as the solution wrote it. */
  readonly rowId: string | null;
  readonly code: RefusalCode;
  /** A sentence in English, for programs. */
  readonly reason: string;
  /** The same reason for people, in their language. Null: it is not shown to them. */
  readonly why: Reason | null;
  /** The header row of a row's file, as it was sent. */
  readonly header: string | null;
  /** As it was sent; of a large file the beginning (`shared/domain/kept-text.ts`). Null: a photo. */
  readonly raw: string | null;
}

/** Takes an item that could not be applied. Await it, because it may have to wait for the database. */
export type Reject = (rejected: Rejected) => Promise<void>;
