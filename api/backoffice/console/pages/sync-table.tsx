import type { VNode } from 'preact';
import { type ReportTotals, totalsOf } from '../../../../shared/domain/report-totals';
import type { SyncSummary } from '../../../../shared/stores/syncs/sync-timeline-store';
import { numberText } from '../format';
import { Badge, Bytes, Moment, Table, type Tone } from '../parts';
import type { Words } from '../words';

const counts = ['inserted', 'updated', 'deleted', 'duplicates', 'conflicts', 'rejected'] as const;

/** Syncs with what came of them. `zone`: the kitchen's clock. */
export const SyncTable = ({
  words,
  zone,
  syncs,
}: {
  words: Words;
  zone: string;
  syncs: readonly SyncSummary[];
}): VNode => (
  <Table
    label={words.lastSyncs}
    fit="stacks"
    columns={[
      words.received,
      words.channel,
      words.state,
      { label: words.size, isNumber: true },
      ...counts.map((count) => ({ label: words.counts[count], isNumber: true })),
    ]}
  >
    {syncs.map((sync) => {
      const totals = sync.report === null ? null : totalsOf(sync.report);
      return (
        <tr>
          <th scope="row">
            <a href={`/syncs/${sync.id}`}>
              <Moment words={words} at={sync.receivedAt} zone={zone} />
            </a>
          </th>
          <td>{words.channels[sync.channel]}</td>
          <td>
            <SyncBadge words={words} sync={sync} />
          </td>
          <td class="number soft">
            <Bytes words={words} count={sync.archiveBytes} />
          </td>
          {counts.map((count) => (
            <CountCell words={words} totals={totals} count={count} />
          ))}
        </tr>
      );
    })}
  </Table>
);

function CountCell({
  words,
  totals,
  count,
}: {
  words: Words;
  totals: ReportTotals | null;
  count: keyof ReportTotals;
}): VNode {
  const value = totals?.[count] ?? null;
  const isBad = count === 'rejected' && value !== null && value > 0;
  return (
    <td
      class={isBad ? 'number bad' : value === 0 ? 'number soft zero' : 'number'}
      data-label={value === null || value === 0 ? undefined : words.counts[count]}
    >
      {value === null ? '' : numberText(words, value)}
    </td>
  );
}

/** The state of a sync; one that failed says so even once its report has been fetched. */
export function SyncBadge({
  words,
  sync,
}: {
  words: Words;
  sync: Pick<SyncSummary, 'state'> & { report: { outcome: string } | null };
}): VNode {
  const hasFailed = sync.report?.outcome === 'failed';
  const tone: Tone = hasFailed ? 'bad' : tones[sync.state];
  return (
    <Badge tone={tone}>
      {words.states[sync.state]}
      {hasFailed && sync.state !== 'failed' && ` (${words.states.failed})`}
    </Badge>
  );
}

const tones: Readonly<Record<SyncSummary['state'], Tone>> = {
  receiving: 'busy',
  queued: 'busy',
  processing: 'busy',
  ready: 'calm',
  failed: 'bad',
  confirmed: 'good',
  abandoned: 'calm',
};
