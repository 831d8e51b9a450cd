import type { Page } from '../../../shared/domain/page';
import { type ReportTotals, totalsOf } from '../../../shared/domain/report-totals';
import type { AdminSolution } from '../../../shared/stores/solution-admin-store';
import type { SyncSummary } from '../../../shared/stores/sync-timeline-store';
import { html, type Html } from './html';
import { layout } from './layout';
import { timeText, type Words } from './words';

const shownCounts = ['inserted', 'updated', 'deleted', 'duplicates', 'conflicts'] as const;

/** The last syncs of one solution: state, counts, rejections. */
export function syncsPage(
  words: Words,
  email: string,
  solution: AdminSolution,
  syncs: Page<SyncSummary>,
): string {
  return layout(
    words,
    { email },
    solution.name,
    html`<p><a href="/">${words.backToSolutions}</a> · <span class="note">${solution.mail}</span></p>
      <h2>${words.syncs}</h2>
      ${
        syncs.items.length === 0
          ? html`<p>${words.noSyncs}</p>`
          : syncTable(words, solution.timezone, syncs.items)
      }
      ${
        syncs.next === null
          ? null
          : html`<p><a href="/solutions/${solution.id}?cursor=${syncs.next}">${words.nextPage}</a></p>`
      }`,
  );
}

function syncTable(words: Words, timezone: string, syncs: readonly SyncSummary[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${words.received}</th>
          <th scope="col">${words.channel}</th>
          <th scope="col">${words.state}</th>
          ${shownCounts.map((count) => html`<th scope="col" class="number">${words[count]}</th>`)}
          <th scope="col" class="number">${words.rejections}</th>
        </tr>
      </thead>
      <tbody>
        ${syncs.map((sync) => syncRow(words, timezone, sync))}
      </tbody>
    </table>
  </div>`;
}

function syncRow(words: Words, timezone: string, sync: SyncSummary): Html {
  const totals = sync.report === null ? null : totalsOf(sync.report);
  const hasFailed = sync.state === 'failed' || sync.report?.outcome === 'failed';
  return html`<tr>
    <td>
      <time datetime="${sync.receivedAt.toISOString()}">${timeText(words, sync.receivedAt, timezone)}</time>
    </td>
    <td>${sync.channel}</td>
    <td class="${hasFailed ? 'bad' : ''}">
      ${words.states[sync.state]}${hasFailed && sync.state !== 'failed' ? ` (${words.states.failed})` : ''}
    </td>
    ${shownCounts.map((count) => countCell(totals, count))} ${countCell(totals, 'rejected')}
  </tr>`;
}

function countCell(totals: ReportTotals | null, count: keyof ReportTotals): Html {
  const isBad = count === 'rejected' && (totals?.rejected ?? 0) > 0;
  return html`<td class="${isBad ? 'number bad' : 'number'}">${totals?.[count] ?? ''}</td>`;
}
