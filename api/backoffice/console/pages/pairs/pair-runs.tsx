import type { VNode } from 'preact';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { RunView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import type { RunWithKept } from '../../../services/pair-runs';
import { durationText, numberText } from '../../format';
import { ActionForm, Age, Badge, Card, Empty, Pager, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath } from './pair-frame';

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

/** One run; where it takes another back, with what it left as it is. */
export const pairRunPage = (visit: Visit, pair: PairEntry, { run, kept }: RunWithKept): VNode => (
  <PairPage visit={visit} pair={pair} tab="runs" title={visit.words.pairs.runNumber(run.id)} subtitle={null}>
    <RunTable visit={visit} pair={pair} runs={[run]} />
    {run.takesBack !== null && <Kept words={visit.words} pair={pair} run={run} kept={kept} />}
  </PairPage>
);

interface KeptProps extends RunWithKept {
  readonly words: Words;
  readonly pair: PairEntry;
}

const Kept = ({ words, pair, run, kept: { items, next } }: KeptProps): VNode => (
  <Card title={words.pairs.leftAsItIs} aside={<span class="soft">{words.pairs.leftAsItIsMeaning}</span>}>
    {items.length === 0 ? (
      <Empty title={words.pairs.nothingLeft} />
    ) : (
      <ul class="rows">
        {items.map(({ link, here, there, fields }) => (
          <li>
            {link === null ? (
              <span>{here ?? there}</span>
            ) : (
              <a href={`/links/${link}`}>{here ?? there ?? link}</a>
            )}
            <span class="soft">{fields.join(', ')}</span>
          </li>
        ))}
      </ul>
    )}
    <Pager words={words} base={`${pairPath(pair.name, 'runs')}/${run.id}`} next={next} />
  </Card>
);

const totals = ['created', 'updated', 'moved', 'deleted', 'unchanged', 'failed'] as const;

interface TableProps {
  readonly visit: Visit;
  readonly pair: PairEntry;
  readonly runs: readonly RunView[];
}

/** What each run did, with its calls. */
export function RunTable({ visit, pair, runs }: TableProps): VNode {
  const { words } = visit;
  const { pairs } = words;
  const columns = [
    pairs.run,
    pairs.runTook,
    ...[...totals.map((total) => pairs[total]), pairs.callsHere, pairs.callsThere].map((label) => ({
      label,
      isNumber: true,
    })),
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
              {pairs.runKinds[run.kind]} · {run.askedBy ?? pairs.bySchedule}
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
          <Total words={words} label={pairs.callsHere} value={run.calls.here} />
          <Total words={words} label={pairs.callsThere} value={run.calls.there} />
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
