import type { ComponentChildren, VNode } from 'preact';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { flatState, statesOf } from '../../../../../shared/formats/link-state';
import type { RunEventView } from '../../../../../shared/stores/pairs/link-desk-store';
import type { KeptValueView, RunView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import type { RunWithKept } from '../../../services/pair-runs';
import { durationText, numberText, personText } from '../../format';
import { ActionForm, Age, Badge, Card, Empty, Moment, Pager, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { Live, PairPage, pairPath, systemOn } from './pair-frame';
import { nameOfCopy } from './pair-links';
import { DoneBadge } from './plan-lines';
import { ShownValue } from './shown-value';
import { Done, isBadEvent, kindText } from './timeline';

export const pairRunsPage = (visit: Visit, pair: PairEntry, { items, next }: ListPage<RunView>): VNode => (
  <PairPage visit={visit} pair={pair} tab="runs">
    {items.length === 0 ? (
      <Empty title={visit.words.pairs.noRuns}>{visit.words.pairs.noRunsAdvice}</Empty>
    ) : (
      <RunTable visit={visit} pair={pair} runs={items} />
    )}
    <Pager words={visit.words} base={pairPath(pair.name, 'runs')} next={next} />
  </PairPage>
);

interface RunProps extends RunWithKept {
  readonly deeds: ListPage<RunEventView>;
}

/** One run: what it did record by record; where it takes another back, also what it left as it is. */
export function pairRunPage(visit: Visit, pair: PairEntry, { run, kept, deeds }: RunProps): VNode {
  const { words } = visit;
  return (
    <PairPage
      visit={visit}
      pair={pair}
      tab="runs"
      title={words.pairs.runNumber(run.id)}
      subtitle={<RunSubtitle words={words} pair={pair} run={run} />}
    >
      <LiveRun words={words} pair={pair} run={run}>
        <RunTable visit={visit} pair={pair} runs={[run]} />
        {run.takesBack !== null && run.endedAt !== null && (
          <Kept words={words} pair={pair} run={run} kept={kept} />
        )}
        <Deeds words={words} pair={pair} run={run} deeds={deeds} />
      </LiveRun>
    </PairPage>
  );
}

interface OfRun {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly run: RunView;
}

const runPath = (pair: PairEntry, id: string): string => `${pairPath(pair.name, 'runs')}/${id}`;

const RunSubtitle = ({ words, pair, run }: OfRun): VNode => (
  <>
    <Moment words={words} at={run.startedAt ?? run.createdAt} />
    {run.takesBack !== null && (
      <>
        {' · '}
        <a href={runPath(pair, run.takesBack)}>{words.pairs.takesBackRun(run.takesBack)}</a>
      </>
    )}
    {run.plan !== null && (
      <>
        {' · '}
        <a href={`/plans/${run.plan}`}>{words.pairs.carriesOutPlan(run.plan)}</a>
      </>
    )}
  </>
);

/** While it is under way, the page renews itself where there is JavaScript. */
const LiveRun = ({ words, pair, run, children }: OfRun & { children: ComponentChildren }): VNode => (
  <Live path={run.endedAt === null ? runPath(pair, run.id) : null}>
    {run.endedAt === null && (
      <p class="notice busy">
        {words.pairs.runIsUnderWay} <a href={runPath(pair, run.id)}>{words.pairs.reload}</a>
      </p>
    )}
    {children}
  </Live>
);

const Kept = ({ words, pair, run, kept: { items, next } }: OfRun & Pick<RunProps, 'kept'>): VNode => (
  <Card title={words.pairs.leftAsItIs} aside={<span class="soft">{words.pairs.leftAsItIsMeaning}</span>}>
    {items.length === 0 ? (
      <Empty title={words.pairs.nothingLeft} />
    ) : (
      <ul class="rows">
        {items.map((item) => (
          <KeptRow words={words} pair={pair} item={item} />
        ))}
      </ul>
    )}
    <Pager words={words} base={runPath(pair, run.id)} next={next} parameter="keptAfter" />
  </Card>
);

/** The current values, and the values that a restoration would have written. */
function KeptRow({ words, pair, item }: Omit<OfRun, 'run'> & { item: KeptValueView }): VNode {
  const { link, here, there, fields } = item;
  const [now, wanted] = [statesOf(item.now), statesOf(item.wanted)];
  const name = nameOfCopy(now?.here ?? now?.there ?? null) ?? here ?? there ?? link ?? '';
  const side = wanted?.here === null ? 'there' : 'here';
  return (
    <li>
      <div>
        {link === null ? <strong>{name}</strong> : <a href={`/links/${link}`}>{name}</a>}
        <ul class="changes">
          {fields.map((field) => (
            <li>
              {field}
              {words.colon}
              <ins>
                <ShownValue words={words} value={now?.[side]?.[field]} />
              </ins>{' '}
              {words.pairs.isNow}, {words.pairs.wouldBeAgain}{' '}
              <ShownValue words={words} value={wanted?.[side]?.[field]} />
            </li>
          ))}
        </ul>
      </div>
      <span class="soft">{systemOn(pair, side)}</span>
    </li>
  );
}

const Deeds = ({ words, pair, run, deeds: { items, next } }: OfRun & Pick<RunProps, 'deeds'>): VNode => (
  <Card title={words.pairs.whatRunDid} aside={<span class="soft">{words.pairs.whatRunDidMeaning}</span>}>
    {items.length === 0 ? (
      <Empty title={words.pairs.runDidNothing} />
    ) : (
      <ul class="rows">
        {items.map((event) => (
          <Deed words={words} pair={pair} event={event} />
        ))}
      </ul>
    )}
    <Pager words={words} base={runPath(pair, run.id)} next={next} />
  </Card>
);

function Deed({ words, pair, event }: Omit<OfRun, 'run'> & { event: RunEventView }): VNode {
  const { link, key, kind, verdict, seen } = event;
  const [before, after] = [statesOf(event.before), statesOf(event.after)];
  const copy = after?.here ?? after?.there ?? before?.here ?? before?.there ?? flatState(seen);
  const name = nameOfCopy(copy) ?? key ?? link ?? '';
  return (
    <li>
      <div>
        {link === null ? <strong>{name}</strong> : <a href={`/links/${link}`}>{name}</a>}
        <Done words={words} pair={pair} event={event} />
      </div>
      {verdict !== null && kind === 'sync' ? (
        <DoneBadge words={words} verdict={verdict} />
      ) : (
        <Badge tone={isBadEvent(kind) ? 'bad' : 'calm'}>{kindText(words, kind)}</Badge>
      )}
    </li>
  );
}

const totals = ['created', 'updated', 'moved', 'deleted', 'unchanged', 'failed'] as const;

interface TableProps {
  readonly visit: Visit;
  readonly pair: PairEntry;
  readonly runs: readonly RunView[];
}

/** The result of each run, with its calls. */
export function RunTable({ visit, pair, runs }: TableProps): VNode {
  const { words } = visit;
  const { pairs } = words;
  const columns = [
    pairs.run,
    pairs.runTook,
    ...totals.map((total) => ({ label: pairs[total], isNumber: true })),
    pairs.calls,
    { label: <span class="visually-hidden">{words.actions}</span> },
  ];
  return (
    <Table label={pairs.tabsOfPair.runs} columns={columns} fit="stacks">
      {runs.map((run) => (
        <tr>
          <th scope="row" class="wrap">
            <a href={`${pairPath(pair.name, 'runs')}/${run.id}`}>
              <Age words={words} at={run.startedAt ?? run.createdAt} />
            </a>
            <span class="under">
              {pairs.runKinds[run.kind]} ·{' '}
              {run.askedBy === null ? pairs.bySchedule : personText(words, run.askedBy)}
            </span>
            {run.failure !== null && (
              <span class="under bad" lang="en">
                {visibleText(run.failure)}
              </span>
            )}
          </th>
          <td data-label={pairs.runTook}>
            <Took words={words} run={run} />
          </td>
          {totals.map((total) => (
            <Total words={words} label={pairs[total]} value={run.counts[total]} isBad={total === 'failed'} />
          ))}
          <td data-label={pairs.calls}>
            {(['here', 'there'] as const).map((side) => (
              <span class="part">
                {systemOn(pair, side)} {numberText(words, run.calls[side])}
              </span>
            ))}
          </td>
          <td>
            <TakeBack visit={visit} pair={pair} run={run} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

interface TotalProps {
  readonly words: Words;
  readonly label: string;
  readonly value: number;
  readonly isBad?: boolean;
}

const Total = ({ words, label, value, isBad = false }: TotalProps): VNode => (
  <td class={`number ${value === 0 ? 'soft zero' : isBad ? 'bad' : ''}`} data-label={label}>
    {numberText(words, value)}
  </td>
);

function Took({ words, run }: { words: Words; run: RunView }): VNode {
  if (run.endedAt === null) return <Badge tone="busy">{words.pairs.runsNow}</Badge>;
  const from = run.startedAt ?? run.createdAt;
  return <>{durationText(words, (run.endedAt.getTime() - from.getTime()) / 1000)}</>;
}

const didSomething = ({ counts: { created, updated, moved, deleted } }: RunView): boolean =>
  created + updated + moved + deleted > 0;

function TakeBack({ visit, pair, run }: Omit<TableProps, 'runs'> & { run: RunView }): VNode | null {
  const { words, csrf, caller } = visit;
  const canBe = run.endedAt !== null && pair.mode === 'run' && didSomething(run);
  if (!canBe || !mayEdit(caller)) return null;
  return (
    <ActionForm action={`/pairs/${pair.name}/runs/${run.id}/take-back`} csrf={csrf}>
      <button class="button quiet small" data-confirm={words.pairs.confirmTakeBack}>
        {words.pairs.takeBack}
      </button>
    </ActionForm>
  );
}
