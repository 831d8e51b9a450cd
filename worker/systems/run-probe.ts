import { Trouble, type TroubleKind } from '../pipeline/trouble';
import type { Finding, Probe } from './probe';

/** What a probe finds, step by step. */
export interface ProbeNotes {
  /** The version of the server; null: it does not report one. */
  version: string | null;
  add(findings: readonly Finding[]): void;
}

export interface ProbeSteps {
  /** Looks at the server. A fault ends it; what it has noted until then is kept. */
  readonly look: (notes: ProbeNotes) => Promise<void>;
  /** The server's clock minus ours, as its responses have shown it. */
  readonly clockOffsetMs: () => number | null;
}

/** Makes the steps of a probe into its result. A fault becomes a finding; only an aborted signal throws. */
export async function runProbe({ look, clockOffsetMs }: ProbeSteps, signal: AbortSignal): Promise<Probe> {
  const findings: Finding[] = [];
  const notes: ProbeNotes = { version: null, add: (more) => void findings.push(...more) };
  try {
    await look(notes);
  } catch (error) {
    signal.throwIfAborted();
    findings.push(faultFinding(error));
  }
  const offsetMs = clockOffsetMs();
  if (offsetMs !== null && Math.abs(offsetMs) > loudOffsetMs) findings.push(clockFinding(offsetMs));
  return {
    ok: !findings.some(({ level }) => level === 'error'),
    version: notes.version,
    clockOffsetMs: offsetMs,
    findings,
  };
}

const loudOffsetMs = 60_000;

const clockFinding = (offsetMs: number): Finding => ({
  level: 'info',
  code: 'clock-differs',
  message: `Its clock differs from ours by ${Math.round(offsetMs / 1000)} s. Nothing is decided by it.`,
});

/** What a failed call shows about the system. */
const faultFinding = (error: unknown): Finding => ({
  level: 'error',
  code: error instanceof Trouble ? codeOf(error.kind) : 'unavailable',
  message: error instanceof Error ? error.message : String(error),
});

function codeOf(kind: TroubleKind): string {
  switch (kind) {
    case 'unauthorized':
    case 'throttled':
    case 'root-missing':
    case 'invalid':
      return kind;
    case 'fields':
      return 'fields-missing';
    default:
      return 'unavailable';
  }
}
