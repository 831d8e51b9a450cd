import type { Channel } from '../../shared/domain/channel';
import type { SyncReport } from '../../shared/domain/report';
import type { LocalCopy } from './local-copy';

/** Remembers what the next upload has to report on, after a sync that was processed. */
export function oweWhatIsLeft(
  copy: LocalCopy,
  channel: Channel,
  report: SyncReport,
  done: { readonly drift: readonly string[] | null; readonly receipts: readonly string[] },
): Promise<void> {
  const gaps = Object.entries(report.gaps ?? {}).map(([table, { ranges }]) => [table, ranges] as const);
  return copy.changeState((state) => {
    const { owed, ...rest } = state.channels[channel];
    const left = {
      gaps: Object.fromEntries(gaps),
      drift: [...(done.drift ?? owed.drift)],
      receipts: owed.receipts.filter((id) => !done.receipts.includes(id)),
    };
    return { ...state, channels: { ...state.channels, [channel]: { ...rest, owed: left } } };
  });
}
