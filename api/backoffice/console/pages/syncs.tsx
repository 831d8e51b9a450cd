import { type Request, type Response, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { channels } from '../../../../shared/domain/channel';
import type { Page as ListPage } from '../../../../shared/domain/page';
import type { IdSpan } from '../../../../shared/domain/log-gaps';
import { visibleText } from '../../../../shared/domain/visible-text';
import type { LogCounts, ParameterCounts, SyncReport } from '../../../../shared/domain/report';
import { mayEdit } from '../../../../shared/domain/staff';
import { syncStates } from '../../../../shared/domain/sync-state';
import type { SyncEvent, SyncFilter, SyncSummary } from '../../../../shared/stores/syncs/sync-timeline-store';
import type { QuarantinedItem } from '../../../../shared/stores/syncs/quarantine-store';
import { decode } from '../../../http/decode';
import { sendFile } from '../../../http/send-file';
import { pageOfQuery, pageQuery, pathId, pathSync, syncCursor } from '../../http/request-fields';
import type { QuarantineService } from '../../services/quarantine';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import type { SyncFile, SyncService, SyncTimeline } from '../../services/syncs';
import { LabelWithWireName, labelText } from '../label-text';
import { blankless } from '../form-input';
import { durationText, numberText } from '../format';
import { Page } from '../layout';
import { ActionForm, Bytes, Card, Empty, Facts, Field, Moment, Pager, Select, Table } from '../parts';
import { ExactReason } from '../refusal';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { QuarantineTable } from './quarantine-table';
import { shownName, SolutionPage } from './solution-frame';
import { SyncBadge, SyncTable } from './sync-table';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly syncs: SyncService;
  readonly quarantine: Pick<QuarantineService, 'list'>;
}

const query = pageQuery(syncCursor).extend({
  channel: z.enum(channels).optional(),
  state: z.enum(syncStates).optional(),
});
const shownRows = 50;
const shownRejections = 20;

/** The syncs of a solution, and one sync with all that is known of it. */
export function createSyncPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/syncs',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const { channel = null, state = null, ...paging } = decode(query, blankless(request.query));
      const solution = await services.solutions.get(visit.caller, id);
      const page = { ...pageOfQuery(paging), limit: shownRows };
      const syncs = await services.syncs.list(visit.caller, id, { channel, state }, page);
      return listPage(visit, solution, { channel, state }, syncs);
    }),
  );

  router.get(
    '/syncs/:sync',
    visiting.page(async (visit, request) => {
      const timeline = await services.syncs.get(visit.caller, pathSync(request));
      const { id, solutionId } = timeline.sync;
      const solution = await services.solutions.get(visit.caller, solutionId);
      const refused = await services.quarantine.list(
        visit.caller,
        { solutionId, syncId: id, state: null },
        { limit: shownRejections, after: null },
      );
      return syncPage(visit, solution, timeline, refused);
    }),
  );

  router.post(
    '/syncs/:sync/replay',
    visiting.form(async (caller, request) => {
      const { syncId } = await services.syncs.replay(caller, pathSync(request));
      return `/syncs/${syncId}?done=replayed`;
    }),
  );

  router.get(
    '/syncs/:sync/package',
    visiting.data(async (caller, request, response) => {
      await send(request, response, await services.syncs.upload(caller, pathSync(request)));
    }),
  );

  router.get(
    '/syncs/:sync/instructions',
    visiting.data(async (caller, request, response) => {
      await send(request, response, await services.syncs.instructions(caller, pathSync(request)));
    }),
  );

  return router;
}

async function send(request: Request, response: Response, file: SyncFile): Promise<void> {
  response.setHeader('Content-Disposition', `attachment; filename="${file.name}"`);
  await sendFile(request, response, { ...file, contentType: 'application/zip' });
}

function listPage(
  visit: Visit,
  solution: SolutionDetail,
  { channel, state }: SyncFilter,
  { items, next }: ListPage<SyncSummary>,
): VNode {
  const { words } = visit;
  const path = `/solutions/${solution.id}/syncs`;
  const filter = new URLSearchParams({
    ...(channel === null ? {} : { channel }),
    ...(state === null ? {} : { state }),
  });
  return (
    <SolutionPage visit={visit} solution={solution} tab="syncs">
      <form method="get" action={path} class="filters">
        <Field label={words.channel}>
          <Select
            name="channel"
            value={channel ?? ''}
            options={[['', words.all], ...channels.map((one) => [one, words.channels[one]] as const)]}
          />
        </Field>
        <Field label={words.state}>
          <Select
            name="state"
            value={state ?? ''}
            options={[['', words.all], ...syncStates.map((one) => [one, words.states[one]] as const)]}
          />
        </Field>
        <button class="button quiet">{words.find}</button>
      </form>
      {items.length === 0 ? (
        <Empty title={words.noSyncs} />
      ) : (
        <SyncTable words={words} zone={solution.timezone} syncs={items} />
      )}
      <Pager words={words} base={`${path}?${filter.toString()}`} next={next} />
    </SolutionPage>
  );
}

function syncPage(
  visit: Visit,
  solution: SolutionDetail,
  { sync, steps }: SyncTimeline,
  refused: ListPage<QuarantinedItem>,
): VNode {
  const { words, csrf, caller } = visit;
  const isRunning = ['receiving', 'queued', 'processing'].includes(sync.state);
  const hasFiles = sync.filesRemovedAt === null;
  const live = {
    'hx-get': `/syncs/${sync.id}`,
    'hx-select': '#live',
    'hx-target': 'this',
    'hx-swap': 'outerHTML',
    'hx-trigger': 'every 1s',
  };
  return (
    <Page
      visit={visit}
      title={words.syncOf(words.channels[sync.channel])}
      trail={[
        { href: '/solutions', text: words.solutions },
        { href: `/solutions/${solution.id}`, text: shownName(solution) },
        { href: `/solutions/${solution.id}/syncs`, text: words.tabs.syncs },
      ]}
      subtitle={<code>{sync.id}</code>}
    >
      <div id="live" class="stack" {...(isRunning ? live : {})}>
        <Progress words={words} sync={sync} />
        {sync.report?.outcome === 'failed' && (
          <section class="verdict bad">
            <h2>{words.findings.thisFailed}</h2>
            <p>
              {sync.report.reason === undefined ? (
                words.noReason
              ) : (
                <ExactReason words={words} reason={sync.report.reason} why={sync.why} />
              )}
            </p>
            <p>{words.findings.failedAdvice}</p>
          </section>
        )}
        <div class="columns wide-left">
          <Card title={words.steps}>
            <Steps words={words} steps={steps} zone={solution.timezone} />
          </Card>
          <Card title={words.files}>
            <Facts
              entries={[
                [
                  words.upload,
                  hasFiles && sync.archiveKey !== null ? (
                    <a href={`/syncs/${sync.id}/package`}>
                      {words.download} (<Bytes words={words} count={sync.archiveBytes} />)
                    </a>
                  ) : (
                    words.notKept
                  ),
                ],
                [
                  words.answer,
                  hasFiles && sync.packageKey !== null ? (
                    <a href={`/syncs/${sync.id}/instructions`}>
                      {words.download} (<Bytes words={words} count={sync.packageBytes} />)
                    </a>
                  ) : (
                    words.notKept
                  ),
                ],
                [words.attempts, numberText(words, sync.attempts)],
              ]}
            />
            {mayEdit(caller) && hasFiles && sync.archiveKey !== null && !isRunning && (
              <ActionForm action={`/syncs/${sync.id}/replay`} csrf={csrf}>
                <button class="button" data-confirm={words.confirmReplay}>
                  {words.replay}
                </button>
              </ActionForm>
            )}
          </Card>
        </div>
        {sync.report !== null && <Report words={words} solutionId={solution.id} report={sync.report} />}
        {refused.items.length > 0 && (
          <Card
            title={words.refused}
            aside={<a href={`/quarantine?sync=${sync.id}&state=all`}>{words.allOfThem}</a>}
          >
            <QuarantineTable
              words={words}
              items={refused.items}
              zone={solution.timezone}
              names={null}
              list={{ sync: sync.id, state: 'all' }}
            />
          </Card>
        )}
      </div>
    </Page>
  );
}

const stages = ['received', 'queued', 'processing', 'processed', 'confirmed'] as const;

/** How far a sync has come. */
function Progress({ words, sync }: { words: Words; sync: SyncTimeline['sync'] }): VNode {
  const reached = {
    received: sync.state === 'receiving' ? null : sync.receivedAt,
    queued: sync.queuedAt,
    processing: sync.processingAt,
    processed: sync.processedAt,
    confirmed: sync.confirmedAt,
  };
  const done = stages.filter((stage) => reached[stage] !== null).length;
  return (
    <section class="card progress" aria-label={words.progress}>
      <div class="progress-head">
        <SyncBadge words={words} sync={sync} />
        <Durations words={words} sync={sync} />
      </div>
      <ol>
        {stages.map((stage, place) => (
          <li class={place < done ? 'done' : place === done ? 'next' : undefined}>
            {words.stages[stage]}
            {place < done && <span class="visually-hidden"> ({words.isDone})</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Durations({ words, sync }: { words: Words; sync: SyncTimeline['sync'] }): VNode | null {
  const { processingAt, processedAt } = sync;
  if (processingAt === null || processedAt === null) return null;
  const seconds = (processedAt.getTime() - processingAt.getTime()) / 1000;
  return <span class="soft">{words.processedIn(durationText(words, seconds))}</span>;
}

const Steps = ({
  words,
  steps,
  zone,
}: {
  words: Words;
  steps: readonly SyncEvent[];
  zone: string;
}): VNode => (
  <ol class="timeline">
    {steps.map(({ at, step, detail, why }) => (
      <li class={badSteps.includes(step) ? 'bad' : undefined}>
        <span>{stepText(words, step)}</span>
        <span class="soft">
          <Moment words={words} at={at} zone={zone} />
        </span>
        {detail !== null && (
          <p class="soft">
            <ExactReason words={words} reason={detail} why={why} />
          </p>
        )}
      </li>
    ))}
  </ol>
);

const badSteps = ['failed', 'attempt-failed', 'abandoned'];

/** A step that nobody has translated is shown by its code. */
function stepText(words: Words, step: string): string {
  const known: Readonly<Record<string, string>> = words.stepNames;
  return known[step] ?? step;
}

const paramCounts = ['inserted', 'updated', 'deleted', 'unchanged', 'conflicts', 'held', 'rejected'] as const;
const logCounts = ['inserted', 'duplicates', 'rejected'] as const;

interface ReportProps {
  readonly words: Words;
  readonly solutionId: number;
  readonly report: SyncReport;
}

function Report({ words, solutionId, report }: ReportProps): VNode {
  const params = Object.entries(report.params).filter(([, counts]) => isNotEmpty(counts));
  const logs = Object.entries(report.logs).filter(([, counts]) => isNotEmpty(counts));
  const hasPhotos = isNotEmpty(report.photos);
  return (
    <Card title={words.report}>
      {params.length + logs.length === 0 && !hasPhotos && <Empty title={words.nothingCame} />}
      {params.length > 0 && (
        <CountTable words={words} label={words.tabs.params} names={paramCounts} rows={params} />
      )}
      {logs.length > 0 && (
        <CountTable words={words} label={words.tabs.readings} names={logCounts} rows={logs} />
      )}
      {hasPhotos && (
        <CountTable
          words={words}
          label={words.tabs.photos}
          names={logCounts}
          rows={[[words.tabs.photos, report.photos]]}
        />
      )}
      <CameBack words={words} solutionId={solutionId} report={report} />
      {Object.entries(report.unreadableTs ?? {}).map(([className, found]) => (
        <p class="soft">
          {words.unreadableTs(labelText(words, className), found.entities, {
            ...found,
            written: visibleText(found.written),
          })}
        </p>
      ))}
      {Object.entries(report.gaps ?? {}).map(([table, { missing, ranges }]) => (
        <p class="soft">
          {words.missingIds(labelText(words, table), missing, ranges.map(spanText).join(', '))}
        </p>
      ))}
      {report.drift !== undefined && (
        <p class="soft">
          {words.drifted}
          {words.colon}
          {report.drift.map((className) => labelText(words, className)).join(', ')}
        </p>
      )}
      {report.allIgnored === true && <p>{words.allIgnored}</p>}
      {report.ignored.length > 0 && (
        <p class="soft">
          {words.ignoredFiles}
          {words.colon}
          {report.ignored.join(', ')}
        </p>
      )}
    </Card>
  );
}

/** Entities that were deleted and came back with other content: the first of each class. */
const CameBack = ({ words, solutionId, report }: ReportProps): VNode => (
  <>
    {Object.entries(report.cameBack ?? {}).map(([className, ids]) => (
      <p>
        {words.cameBack(labelText(words, className), ids.length)}
        {words.colon}
        {ids.slice(0, shownReturned).map((id, place) => (
          <>
            {place > 0 && ', '}
            <a href={`/solutions/${solutionId}/params/${className}/${encodeURIComponent(id)}`}>{id}</a>
          </>
        ))}
        {ids.length > shownReturned && ', …'}
      </p>
    ))}
  </>
);

const shownReturned = 20;

const spanText = ([first, last]: IdSpan) => (first === last ? first : `${first}–${last}`);

const isNotEmpty = (counts: ParameterCounts | LogCounts) => Object.values(counts).some((count) => count > 0);

interface CountTableProps<Name extends string> {
  readonly words: Words;
  readonly label: string;
  readonly names: readonly (Name & keyof Words['counts'])[];
  readonly rows: readonly (readonly [string, Readonly<Record<Name, number>>])[];
}

/** The counts of everything that changed, by name, and only the names of everything else. */
function CountTable<Name extends string>({ words, label, names, rows }: CountTableProps<Name>): VNode {
  const hasChanged = (counts: Readonly<Record<Name, number>>) =>
    names.some((name) => !quietCounts.includes(name) && counts[name] > 0);
  const changed = rows
    .filter(([, counts]) => hasChanged(counts))
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const others = rows.filter(([, counts]) => !hasChanged(counts)).map(([name]) => name);
  return (
    <>
      {changed.length > 0 && (
        <Table
          label={label}
          columns={[label, ...names.map((name) => ({ label: words.counts[name], isNumber: true }))]}
        >
          {changed.map(([name, counts]) => (
            <tr>
              <th scope="row">
                <LabelWithWireName words={words} name={name} />
              </th>
              {names.map((count) => (
                <td class={cellClass(count, counts[count])}>{numberText(words, counts[count])}</td>
              ))}
            </tr>
          ))}
        </Table>
      )}
      {others.length > 0 && (
        <details>
          <summary>
            {label}
            {words.colon}
            {words.onlyKnown(others.length)}
          </summary>
          <p class="soft">
            {others
              .map((name) => labelText(words, name))
              .sort()
              .join(', ')}
          </p>
        </details>
      )}
    </>
  );
}

const quietCounts: readonly string[] = ['unchanged', 'duplicates'];

function cellClass(name: string, count: number): string {
  if (count === 0) return 'number soft';
  return name === 'rejected' ? 'number bad' : 'number';
}
