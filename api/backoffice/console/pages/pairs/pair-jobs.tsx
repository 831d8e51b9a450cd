import type { VNode } from 'preact';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { LinkJobViewState, LinkJobView } from '../../../../../shared/stores/pairs/link-desk-store';
import { flatState } from '../../../../../shared/formats/link-state';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { linkJobStates } from '../../../../../shared/systems/pair-states';
import { linkTo } from '../../link';
import { ActionForm, Age, Badge, Empty, Pager, ProblemNote, Table, Tabs, type Tone } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath, systemOn } from './pair-frame';
import { nameOfCopy } from './pair-links';
import { ToldReason } from './told-reason';

interface Props {
  readonly pair: PairEntry;
  /** Undefined: all of them. */
  readonly state: LinkJobViewState | undefined;
  readonly page: ListPage<LinkJobView>;
  readonly problem: ProblemText | null;
}

/** The records that a pair has found, and the result of each. */
export function pairJobsPage(visit: Visit, { pair, state, page, problem }: Props): VNode {
  const { words } = visit;
  const path = pairPath(pair.name, 'jobs');
  return (
    <PairPage visit={visit} pair={pair} tab="jobs">
      <ProblemNote problem={problem} />
      <Tabs
        label={words.state}
        tabs={[undefined, ...linkJobStates].map((one) => ({
          href: linkTo(path, { state: one }),
          text: one === undefined ? words.all : words.pairs.jobStates[one],
          isCurrent: one === state,
        }))}
      />
      {page.items.length === 0 ? (
        <Empty title={words.pairs.noJobs}>{words.pairs.noJobsAdvice}</Empty>
      ) : (
        <JobTable visit={visit} pair={pair} jobs={page.items} back={linkTo(path, { state })} />
      )}
      <Pager words={words} base={linkTo(path, { state })} next={page.next} />
    </PairPage>
  );
}

interface TableProps {
  readonly visit: Visit;
  readonly pair: PairEntry;
  readonly jobs: readonly LinkJobView[];
  /** The page that follows a retry. */
  readonly back: string;
}

function JobTable({ visit, pair, jobs, back }: TableProps): VNode {
  const { words } = visit;
  const { pairs } = words;
  return (
    <Table
      label={pairs.tabsOfPair.jobs}
      columns={[
        pairs.record,
        words.state,
        pairs.namedBy,
        words.time,
        { label: <span class="visually-hidden">{words.actions}</span> },
      ]}
      fit="stacks"
    >
      {jobs.map((job) => (
        <tr>
          <th scope="row" class="wrap key">
            <a href={job.link === null ? `/jobs/${job.id}` : `/links/${job.link}`}>{jobName(job)}</a>
            <span class="under">
              {systemOn(pair, job.side)} {jobName(job) !== job.key && <code>{job.key}</code>}
            </span>
          </th>
          <td class="wrap">
            <JobBadge words={words} state={job.state} />
            <JobReason words={words} pair={pair} job={job} />
          </td>
          <td>{sourceText(words, job.source)}</td>
          <td>
            <Age words={words} at={job.endedAt ?? job.createdAt} />
          </td>
          <td>
            <RetryForm visit={visit} job={job} back={back} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The name by which a person recognises the record, or its key if it has no link yet. */
export const jobName = ({ seen, key }: LinkJobView): string => nameOfCopy(flatState(seen)) ?? key;

const tones: Readonly<Record<LinkJobViewState, Tone>> = {
  new: 'busy',
  running: 'busy',
  waiting: 'busy',
  held: 'busy',
  failed: 'bad',
  done: 'good',
  skipped: 'calm',
  'given-up': 'bad',
};

export const JobBadge = ({ words, state }: { words: Words; state: LinkJobViewState }): VNode => (
  <Badge tone={tones[state]}>{words.pairs.jobStates[state]}</Badge>
);

function sourceText({ pairs }: Words, source: string): string {
  const known: Readonly<Record<string, string>> = pairs.sources;
  return known[source] ?? source;
}

interface ReasonProps {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly job: LinkJobView;
}

/** Why it is as it is: in words, then exactly as the system said it. */
export function JobReason({ words, pair, job }: ReasonProps): VNode | null {
  const { pairs } = words;
  const { state, errorClass, error, attempts, runAfter, waitsSystem, waitsKey, waitsPair } = job;
  if (state === 'done' || state === 'running' || state === 'skipped') return null;
  const classes: Readonly<Record<string, string>> = pairs.errorClasses;
  const sentence = errorClass === null ? undefined : classes[errorClass];
  return (
    <>
      {sentence !== undefined && <p class="reason">{sentence}</p>}
      {waitsSystem !== null && waitsKey !== null && (
        <p class="reason">
          {pairs.waitsFor(waitsSystem, waitsKey, waitsPair === pair.name ? null : waitsPair)}
        </p>
      )}
      {error !== null && (state === 'failed' || state === 'given-up') && (
        <p class="reason soft">
          <ToldReason words={words} of={{ ...job, reason: error }} />
        </p>
      )}
      {(state === 'failed' || state === 'given-up') && attempts > 0 && (
        <p class="reason soft">
          {pairs.attempts(attempts)}
          {state === 'failed' && (
            <>
              , {pairs.nextTry} <Age words={words} at={runAfter} />
            </>
          )}
        </p>
      )}
    </>
  );
}

const retriable: readonly LinkJobViewState[] = ['waiting', 'failed', 'given-up'];

/** Nothing where it is done, waits for a decision, or where one may not. */
export function RetryForm({
  visit,
  job,
  back,
  size = 'small',
}: {
  visit: Visit;
  job: Pick<LinkJobView, 'id' | 'state'>;
  back: string;
  size?: 'small' | 'usual';
}): VNode | null {
  if (!retriable.includes(job.state) || !mayEdit(visit.caller)) return null;
  return (
    <ActionForm action={`/jobs/${job.id}/retry`} csrf={visit.csrf}>
      <input type="hidden" name="back" value={back} />
      <button class={size === 'small' ? 'button quiet small' : 'button'}>{visit.words.pairs.retry}</button>
    </ActionForm>
  );
}
