import type { VNode } from 'preact';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { linkJobStates, linkStates } from '../../../../../shared/systems/pair-states';
import type { PairStatus } from '../../../services/pair-runs';
import { numberText, personText } from '../../format';
import { ActionForm, Age, Card, Empty, Facts, Field, ProblemNote, Select } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath, systemOn } from './pair-frame';
import { lagText } from './pair-table';
import { RunTable } from './pair-runs';
import { PauseReason } from './system-parts';

/** The status of a pair, and the actions that are possible. */
export function pairNowPage(visit: Visit, status: PairStatus, problem: ProblemText | null): VNode {
  const { words, caller } = visit;
  const { pair, lastRun } = status;
  return (
    <PairPage visit={visit} pair={pair} tab="now">
      <ProblemNote problem={problem} />
      {pair.pausedAt !== null && <Paused words={words} pair={pair} />}
      {pair.pausedAt === null && pair.mode !== 'run' && (
        <p class="notice busy">{words.pairs.modeMeanings[pair.mode]}</p>
      )}
      <Tiles words={words} status={status} />
      {mayEdit(caller) && <Deeds visit={visit} pair={pair} />}
      <Card title={words.pairs.lastRun}>
        {lastRun === null ? (
          <Empty title={words.pairs.noRuns}>{words.pairs.noRunsAdvice}</Empty>
        ) : (
          <RunTable visit={visit} pair={pair} runs={[lastRun]} />
        )}
      </Card>
      <div class="columns even">
        <Counts
          title={words.pairs.linksByState}
          empty={words.pairs.noLinksYet}
          counts={linkStates.map((state) => ({
            name: words.pairs.linkStates[state],
            value: status.links[state] ?? 0,
            href: `${pairPath(pair.name, 'links')}?state=${state}`,
          }))}
          words={words}
        />
        <Counts
          title={words.pairs.workByState}
          empty={words.pairs.noWorkYet}
          counts={linkJobStates.map((state) => ({
            name: words.pairs.jobStates[state],
            value: status.jobs[state] ?? 0,
            href: `${pairPath(pair.name, 'jobs')}?state=${state}`,
          }))}
          words={words}
        />
      </div>
      {mayEdit(caller) && <ByHand visit={visit} pair={pair} />}
    </PairPage>
  );
}

const Paused = ({ words, pair }: { words: Words; pair: PairEntry }): VNode => (
  <p class="notice bad">
    {words.pairs.pausedBy}{' '}
    {pair.pausedBy === null ? words.pairs.pausedByItself : personText(words, pair.pausedBy)}
    {pair.pausedAt !== null && (
      <>
        , <Age words={words} at={pair.pausedAt} />
      </>
    )}
    {words.colon}
    <PauseReason words={words} reason={pair.pausedReason} />
  </p>
);

function Tiles({ words, status }: { words: Words; status: PairStatus }): VNode {
  const { pairs } = words;
  const { pair, jobs, lag, conflicts, approvals } = status;
  const open = ['new', 'running', 'waiting', 'held', 'failed'].reduce(
    (sum, state) => sum + (jobs[state] ?? 0),
    0,
  );
  const jobsPath = pairPath(pair.name, 'jobs');
  const tiles = [
    { name: pairs.open, value: open, href: jobsPath, calls: false },
    { name: pairs.failed, value: jobs['failed'] ?? 0, href: `${jobsPath}?state=failed`, calls: true },
    { name: pairs.givenUp, value: jobs['given-up'] ?? 0, href: `${jobsPath}?state=given-up`, calls: true },
    { name: pairs.conflicts, value: conflicts, href: `/conflicts?pair=${pair.name}`, calls: true },
    { name: pairs.approvals, value: approvals, href: `/approvals?pair=${pair.name}`, calls: true },
  ];
  return (
    <ul class="tiles">
      <li>
        <div>
          <span class="tile-value">{lagText(words, lag)}</span>
          <span class="tile-name" title={pairs.lagMeaning}>
            {pairs.lag}
          </span>
        </div>
      </li>
      {tiles.map(({ name, value, href, calls }) => (
        <li class={calls && value > 0 ? 'calls' : undefined}>
          <a href={href}>
            <span class="tile-value">{numberText(words, value)}</span>
            <span class="tile-name">{name}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Deeds({ visit, pair }: { visit: Visit; pair: PairEntry }): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  const deed = (name: string, text: string, isMain: boolean) => (
    <ActionForm action={`/pairs/${pair.name}/${name}`} csrf={csrf}>
      <button class={isMain ? 'button' : 'button quiet'}>{text}</button>
    </ActionForm>
  );
  return (
    <Card title={pairs.actions}>
      <div class="buttons">
        {pair.pausedAt !== null && deed('resume', pairs.resume, true)}
        {deed('plan', pairs.makePlan, pair.pausedAt === null && pair.mode === 'plan')}
        {deed('run', pairs.runNow, pair.pausedAt === null && pair.mode === 'run')}
        {deed('whole', pairs.runWhole, false)}
      </div>
      {pair.pausedAt === null && (
        <ActionForm action={`/pairs/${pair.name}/pause`} csrf={csrf} class="filters">
          <Field label={pairs.pauseReason} class="grow">
            <input name="reason" maxLength={500} />
          </Field>
          <button class="button quiet">{pairs.pause}</button>
        </ActionForm>
      )}
    </Card>
  );
}

interface CountsProps {
  readonly title: string;
  readonly empty: string;
  readonly counts: readonly { readonly name: string; readonly value: number; readonly href: string }[];
  readonly words: Words;
}

function Counts({ title, empty, counts, words }: CountsProps): VNode {
  const shown = counts.filter(({ value }) => value > 0);
  return (
    <Card title={title}>
      {shown.length === 0 ? (
        <Empty title={empty} />
      ) : (
        <Facts
          entries={shown.map(
            ({ name, value, href }) => [name, <a href={href}>{numberText(words, value)}</a>] as const,
          )}
        />
      )}
    </Card>
  );
}

/** The actions that no listing causes: to examine one record, or to join two. */
function ByHand({ visit, pair }: { visit: Visit; pair: PairEntry }): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  return (
    <div class="columns even">
      <Card title={pairs.lookAtOne}>
        <p class="soft">{pairs.keyHint}</p>
        <ActionForm action={`/pairs/${pair.name}/jobs`} csrf={csrf} class="filters">
          <Field label={pairs.system} class="short">
            <Select
              name="side"
              value="here"
              options={[
                ['here', `${systemOn(pair, 'here')} (${pairs.sides.here})`],
                ['there', `${systemOn(pair, 'there')} (${pairs.sides.there})`],
              ]}
            />
          </Field>
          <Field label={pairs.key} class="grow">
            <input name="key" required maxLength={500} />
          </Field>
          <button class="button quiet">{pairs.look}</button>
        </ActionForm>
      </Card>
      <Card title={pairs.joinByHand}>
        <p class="soft">{pairs.joinMeaning}</p>
        <ActionForm action={`/pairs/${pair.name}/links`} csrf={csrf} class="filters">
          <Field label={pairs.keyIn(systemOn(pair, 'here'))} class="grow">
            <input name="here" required maxLength={500} />
          </Field>
          <Field label={pairs.keyIn(systemOn(pair, 'there'))} class="grow">
            <input name="there" required maxLength={500} />
          </Field>
          <button class="button quiet">{pairs.join}</button>
        </ActionForm>
      </Card>
    </div>
  );
}
