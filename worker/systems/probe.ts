import type { Side } from '../pipeline/sides';

/** What the server was seen to do. */
export interface Probe {
  /** False: some finding is an error. */
  readonly ok: boolean;
  /** The server's own; null: it does not say. */
  readonly version: string | null;
  /** Its clock less ours; null: it does not say. Nothing is decided by it. */
  readonly clockOffsetMs: number | null;
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly level: 'error' | 'warning' | 'info';
  /** Stable, for programs: `unauthorized`, `fields-missing`, `no-revisions`… */
  readonly code: string;
  /** A sentence for a person, in English. */
  readonly message: string;
  /** What of it: the names of the missing fields, say. */
  readonly about?: readonly string[];
  /** Of what a pair uses: the name of the pair, and which of its sides. */
  readonly pair?: string;
  readonly side?: Side;
}
