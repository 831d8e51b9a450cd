import type { Bench } from './bench';

/** One sentence of the protocol, and how to see whether a server obeys it. */
export interface Check {
  /** Stable, e.g. `login-wrong-secret`. */
  readonly id: string;
  /** The heading in docs/protocol.md under which the sentence stands. */
  readonly section: string;
  /** Word for word as in docs/protocol.md. */
  readonly sentence: string;
  /** What the check tries, in a few words. */
  readonly title: { readonly en: string; readonly fr: string };
  /** Absent: one solution is enough. */
  readonly needs?: 'second-solution';
  /** @throws Deviation if the server does not obey; NotSeen if the check could not be made. */
  readonly run: (bench: Bench) => Promise<void>;
}
