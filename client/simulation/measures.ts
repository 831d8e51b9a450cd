import type { Channel } from '../../shared/domain/channel';
import type { SyncOutcome } from '../sync-work';

/** Milliseconds. */
export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

export interface ChannelMeasures {
  /** A whole pass, from the upload's first byte to the confirmation. */
  readonly total: Latencies;
  /** From the accepted upload to status 2. */
  readonly processing: Latencies;
}

export interface Measures {
  add(outcome: SyncOutcome): void;
  /** Counts an error, whether a retry repaired it or not. */
  addError(code: string): void;
  readonly addFault: (fault: string) => void;
  syncs(): number;
  /** Rows, entities and photos that the server put into quarantine. */
  rejected(): number;
  errors(): Readonly<Record<string, number>>;
  faults(): Readonly<Record<string, number>>;
  byChannel(): ReadonlyMap<Channel, ChannelMeasures>;
}

export function createMeasures(): Measures {
  const totals = new Map<Channel, number[]>();
  const processing = new Map<Channel, number[]>();
  const errors = new Map<string, number>();
  const faults = new Map<string, number>();
  let syncs = 0;
  let rejected = 0;
  return {
    add: ({ channel, totalMs, processingMs, report }) => {
      syncs += 1;
      rejected += report?.rejections.length ?? 0;
      push(totals, channel, totalMs);
      if (processingMs !== null) push(processing, channel, processingMs);
    },
    addError: (code) => count(errors, code),
    addFault: (fault) => count(faults, fault),
    syncs: () => syncs,
    rejected: () => rejected,
    errors: () => Object.fromEntries(errors),
    faults: () => Object.fromEntries(faults),
    byChannel: () =>
      new Map(
        [...totals].map(([channel, times]) => [
          channel,
          { total: latencies(times), processing: latencies(processing.get(channel) ?? []) },
        ]),
      ),
  };
}

function push(into: Map<Channel, number[]>, channel: Channel, milliseconds: number): void {
  into.set(channel, [...(into.get(channel) ?? []), milliseconds]);
}

function count(into: Map<string, number>, what: string): void {
  into.set(what, (into.get(what) ?? 0) + 1);
}

function latencies(times: readonly number[]): Latencies {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
