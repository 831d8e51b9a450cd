import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { quarantineStates } from '../../../../shared/domain/quarantine-state';
import { isCutText } from '../../../../shared/domain/kept-text';
import { mayEdit } from '../../../../shared/domain/staff';
import { nothingTicked } from '../../../../shared/errors/catalog';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import type { QuarantinedItem } from '../../../../shared/stores/syncs/quarantine-store';
import { decode } from '../../../http/decode';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from '../../http/request-fields';
import type { OverviewService } from '../../services/overview';
import type { QuarantineService } from '../../services/quarantine';
import { blankless, touchedTexts, listOf } from '../form-input';
import { Page } from '../layout';
import { linkTo } from '../link';
import { ActionForm, Badge, Card, Empty, Facts, Field, Moment, Pager, ProblemNote, Tabs } from '../parts';
import { ExactReason, refusalOf } from '../refusal';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import { QuarantineTable, quarantineTones } from './quarantine-table';

interface Services {
  readonly quarantine: QuarantineService;
  readonly overview: Pick<OverviewService, 'names'>;
}

const views = [...quarantineStates, 'all'] as const;
const scope = z.object({
  state: z.enum(views).default('open'),
  solution: idOf.optional(),
  sync: z.guid().optional(),
});
const query = pageQuery(bigIdOf).extend(scope.shape);
const shownRows = 50;

/** Items that could not be applied: read, corrected, processed again or discarded. */
export function createQuarantinePageRoutes({ quarantine, overview }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/quarantine',
    visiting.page(async (visit, request) => {
      const { state, solution, sync, ...paging } = decode(query, blankless(request.query));
      const filter = {
        solutionId: solution ?? null,
        syncId: sync ?? null,
        state: state === 'all' ? null : state,
      };
      const page = await quarantine.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      const names = await overview.names(
        visit.caller,
        page.items.map(({ solutionId }) => solutionId),
      );
      return listPage(visit, { state, solution, sync }, page, names);
    }),
  );

  router.get(
    '/quarantine/:id',
    visiting.page((visit, request) => show(visit, request, null)),
  );

  router.post(
    '/quarantine/:id/replay',
    visiting.form(
      async (caller, request) => {
        const id = pathBigId(request, 'quarantined item');
        const { raw } = await quarantine.get(caller, id);
        const { text } = touchedTexts(request.body);
        const corrected = text === undefined || isSameText(text, raw) ? null : text;
        const { syncId } = await quarantine.replay(caller, id, corrected);
        return `/syncs/${syncId}?done=replayed`;
      },
      (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/quarantine/:id/discard',
    visiting.form(async (caller, request) => {
      await quarantine.discard(caller, pathBigId(request, 'quarantined item'));
      return linkTo('/quarantine', { ...shownBefore(request), done: 'discarded' });
    }),
  );

  router.post(
    '/quarantine/discard',
    visiting.form(async (caller, request) => {
      const ids = listOf(request.body, 'item').map((text) => decode(bigIdOf, text));
      if (ids.length === 0) throw nothingTicked();
      await quarantine.discardMany(caller, ids);
      return linkTo('/quarantine', { ...shownBefore(request), done: 'discarded' });
    }),
  );

  return router;

  async function show(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const item = await quarantine.get(visit.caller, pathBigId(request, 'quarantined item'));
    const names = await overview.names(visit.caller, [item.solutionId]);
    return itemPage(visit, item, {
      solution: names.get(item.solutionId),
      list: shownBefore(request),
      problem,
    });
  }
}

/** The list that one came from, and is led back to. */
const shownBefore = (request: Request): Shown => decode(scope, blankless(request.query));

/** A form always sends line breaks as CRLF. */
const isSameText = (typed: string, raw: string | null) =>
  raw !== null && typed.replaceAll('\r\n', '\n') === raw.replaceAll('\r\n', '\n');

interface Shown {
  readonly state: (typeof views)[number];
  /** Of one solution, or of one sync. */
  readonly solution?: number | undefined;
  readonly sync?: string | undefined;
}

const listPage = (
  visit: Visit,
  shown: Shown,
  { items, next }: ListPage<QuarantinedItem>,
  names: ReadonlyMap<number, SolutionName>,
): VNode => (
  <Page visit={visit} title={visit.words.quarantine} subtitle={visit.words.quarantineMeaning}>
    <Tabs
      label={visit.words.state}
      tabs={views.map((one) => ({
        href: linkTo('/quarantine', { ...shown, state: one }),
        text: one === 'all' ? visit.words.all : visit.words.quarantineStates[one],
        isCurrent: one === shown.state,
      }))}
    />
    <div class="stack">
      {items.length === 0 ? (
        <Empty title={visit.words.noQuarantine}>{visit.words.noQuarantineMeaning}</Empty>
      ) : (
        <>
          <QuarantineTable
            words={visit.words}
            items={items}
            names={names}
            list={{ ...shown }}
            tickedFor={canDiscard(visit, items) ? 'bulk' : null}
          />
          {canDiscard(visit, items) && (
            <ActionForm
              action={linkTo('/quarantine/discard', { ...shown })}
              csrf={visit.csrf}
              id="bulk"
              class="buttons"
            >
              <button class="button quiet" data-confirm={visit.words.confirmDiscardMany}>
                {visit.words.discardTicked}
              </button>
            </ActionForm>
          )}
        </>
      )}
      <Pager words={visit.words} base={linkTo('/quarantine', { ...shown })} next={next} />
    </div>
  </Page>
);

const canDiscard = ({ caller }: Visit, items: readonly QuarantinedItem[]) =>
  mayEdit(caller) && items.some(({ state }) => state === 'open');

interface ItemView {
  readonly solution: SolutionName | undefined;
  /** The list that one came from. */
  readonly list: Shown;
  readonly problem: ProblemText | null;
}

function itemPage(visit: Visit, item: QuarantinedItem, { solution, list, problem }: ItemView): VNode {
  const { words, caller } = visit;
  const refusal = refusalOf(words, item.code);
  return (
    <Page
      visit={visit}
      title={words.findings.quarantined[item.kind]}
      trail={[{ href: linkTo('/quarantine', { ...list }), text: words.quarantine }]}
      aside={<Badge tone={quarantineTones[item.state]}>{words.quarantineStates[item.state]}</Badge>}
    >
      <div class="stack">
        <section class={item.state === 'open' ? 'verdict bad' : 'verdict'}>
          <h2>{refusal.why}</h2>
          <p>{refusal.advice}</p>
        </section>
        <Card>
          <Facts
            entries={[
              [words.file, <code>{item.file}</code>],
              item.line === null ? null : [words.line, String(item.line)],
              item.rowId === null ? null : ['Id', item.rowId],
              [
                words.exactReason,
                <ExactReason words={words} reason={item.reason} why={item.why} of={item.subject} />,
              ],
              [words.code, <code>{item.code}</code>],
              [
                words.solution,
                <a href={`/solutions/${item.solutionId}`}>{solution?.name ?? item.solutionId}</a>,
              ],
              [words.channel, words.channels[item.channel]],
              [
                words.received,
                <a href={`/syncs/${item.syncId}`}>
                  <Moment words={words} at={item.createdAt} zone={solution?.timezone} />
                </a>,
              ],
              item.lastSeenAt === null
                ? null
                : [
                    words.sentTimes(item.seenCount),
                    <>
                      {words.lastTime} <Moment words={words} at={item.lastSeenAt} zone={solution?.timezone} />
                    </>,
                  ],
              item.decidedBy === null ? null : [words.quarantineStates[item.state], item.decidedBy],
            ]}
          />
        </Card>
        <Card title={item.state === 'open' ? words.correctAndReplay : words.asItWasSent}>
          <ProblemNote problem={problem} />
          {item.state === 'open' && mayEdit(caller) ? (
            <CorrectionForm visit={visit} item={item} list={list} />
          ) : (
            <>
              {item.header !== null && <pre class="soft">{item.header}</pre>}
              <pre>{item.raw ?? words.noText}</pre>
            </>
          )}
        </Card>
      </div>
    </Page>
  );
}

function CorrectionForm({
  visit: { words, csrf },
  item,
  list,
}: {
  visit: Visit;
  item: QuarantinedItem;
  list: Shown;
}): VNode {
  return (
    <>
      <ActionForm
        action={linkTo(`/quarantine/${item.id}/replay`, { ...list })}
        csrf={csrf}
        class="stack"
        id="replay"
      >
        {item.header !== null && (
          <div>
            <p class="field-label">{words.header}</p>
            <pre class="soft">{item.header}</pre>
          </div>
        )}
        {item.raw === null ? (
          <p class="soft">{words.noText}</p>
        ) : isCutText(item.raw) ? (
          // Only the beginning of the text is shown, so a correction would lose the rest. Without a correction, the
          // whole upload is processed again.
          <pre>{item.raw}</pre>
        ) : (
          <Field label={words.text} hint={words.correctionHint}>
            <textarea
              name="text"
              class="code"
              rows={Math.min(24, item.raw.split('\n').length + 2)}
              spellcheck={false}
            >
              {item.raw}
            </textarea>
          </Field>
        )}
      </ActionForm>
      <div class="buttons">
        <button class="button" form="replay">
          {words.replay}
        </button>
        <ActionForm action={linkTo(`/quarantine/${item.id}/discard`, { ...list })} csrf={csrf}>
          <button class="button quiet" data-confirm={words.confirmDiscard}>
            {words.discard}
          </button>
        </ActionForm>
      </div>
    </>
  );
}
