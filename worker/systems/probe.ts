import type { Side } from '../pipeline/sides';

/** The abilities that the server has shown. */
export interface Probe {
  /** False: some finding is an error. */
  readonly ok: boolean;
  /** The version of the server; null: it does not report one. */
  readonly version: string | null;
  /** The server's clock minus ours; null: it does not report its time. It decides nothing. */
  readonly clockOffsetMs: number | null;
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly level: 'error' | 'warning' | 'info';
  /** Stable, for programs: `unauthorized`, `fields-missing`, `no-revisions`… */
  readonly code: string;
  /** A sentence for a person, in English. */
  readonly message: string;
  /** Details, for example the names of the missing fields. */
  readonly about?: readonly string[];
  /** Of what a pair uses: the name of the pair, and which of its sides. */
  readonly pair?: string;
  readonly side?: Side;
}
