import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { LinkEndView } from '../../../../../shared/stores/pairs/link-desk-store';
import { pathBigId } from '../../../http/request-fields';
import type { ComparedField, ComparedValue } from '../../../services/link-differences';
import type { JobStory, LinkStory, LinkStoryService } from '../../../services/link-story';
import type { LinkService } from '../../../services/links';
import { ActionForm, Age, Bytes, Card, Facts, Moment, ProblemNote, Table } from '../../parts';
import { type ProblemText, problemTextOf } from '../../problem-text';
import type { Visit, Visiting } from '../../visit';
import type { Words } from '../../words';
import { PairConflictCard } from './conflict-card';
import { PairPage, pairPath, systemOn } from './pair-frame';
import { JobBadge, jobName, JobReason, RetryForm } from './pair-jobs';
import { LinkBadge, linkName } from './pair-links';
import { FieldLabel, ShownValue } from './shown-value';
import { Timeline } from './timeline';
import { contentsIn, Versions } from './versions';

interface Services {
  readonly links: Pick<LinkService, 'look' | 'unlink'>;
  readonly linkStories: LinkStoryService;
}

/** Why two records differ, or why one has no counterpart yet. */
export function createLinkPageRoutes({ links, linkStories }: Services, visiting: Visiting): Router {
  const router = Router();
  const idOf = (request: Request) => pathBigId(request, 'link');
  const show = async (visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> =>
    linkPage(visit, await linkStories.ofLink(visit.caller, idOf(request)), problem);

  router.get(
    '/links/:id',
    visiting.page((visit, request) => show(visit, request, null)),
  );
  router.get(
    '/jobs/:id',
    visiting.page(async (visit, request) =>
      jobPage(visit, await linkStories.ofJob(visit.caller, pathBigId(request, 'job'))),
    ),
  );
  const deed = (path: string, done: string, act: LinkService['look'] | LinkService['unlink']) =>
    router.post(
      `/links/:id/${path}`,
      visiting.form(
        async (caller, request) => {
          await act(caller, idOf(request));
          return `/links/${idOf(request)}?done=${done}`;
        },
        (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
      ),
    );
  deed('look', 'look-asked', links.look);
  deed('unlink', 'unlinked', links.unlink);
  return router;
}

function linkPage(visit: Visit, story: LinkStory, problem: ProblemText | null): VNode {
  const { words } = visit;
  const { pair, link, conflict } = story;
  return (
    <PairPage
      visit={visit}
      pair={pair}
      tab="links"
      title={linkName(link)}
      subtitle={
        <>
          <EndKey name={systemOn(pair, 'here')} end={link.here} /> ⇄{' '}
          <EndKey name={systemOn(pair, 'there')} end={link.there} />
          <LinkBadge words={words} state={link.state} />
        </>
      }
    >
      <ProblemNote problem={problem} />
      <Answer visit={visit} story={story} />
      <Copies words={words} story={story} />
      {conflict !== null && (
        <PairConflictCard visit={visit} conflict={conflict} back={`/links/${link.id}`} isOnLink />
      )}
      <Versions words={words} pair={pair} versions={story.versions} />
      <Timeline words={words} pair={pair} events={story.events} />
      <About words={words} story={story} />
    </PairPage>
  );
}

const EndKey = ({ name, end }: { name: string; end: LinkEndView | null }): VNode => (
  <>
    {name} {end === null ? '–' : <code>{end.key}</code>}
  </>
);

/** The answer first: do they differ, why, and what can be done about it. */
function Answer({ visit, story }: { visit: Visit; story: LinkStory }): VNode {
  const { words } = visit;
  const { pair, job, standing } = story;
  const isAtRest = standing === 'settled' || standing === 'deleted' || standing === 'gone';
  return (
    <Card title={answerTitle(words, story)} class={isAtRest ? 'answer is-equal' : 'answer'}>
      <p>{answerText(words, story)}</p>
      {job !== null && job.state !== 'done' && job.state !== 'skipped' && (
        <div>
          <JobBadge words={words} state={job.state} />
          <JobReason words={words} pair={pair} job={job} />
          {job.approval !== null && (
            <p>
              <a href={`/approvals?pair=${pair.name}#a${job.approval}`}>{words.pairs.toTheApproval}</a>
            </p>
          )}
        </div>
      )}
      <StoppedSystems words={words} story={story} />
      <Deeds visit={visit} story={story} />
    </Card>
  );
}

function answerTitle({ pairs }: Words, { pair, link, holds, fields }: LinkStory): string {
  if (link.state === 'deleted-here') return pairs.deletedIn(systemOn(pair, 'here'));
  if (link.state === 'deleted-there') return pairs.deletedIn(systemOn(pair, 'there'));
  if (!holds.here && !holds.there) return pairs.noneHasIt;
  if (!holds.here || !holds.there) return pairs.oneSideOnly(systemOn(pair, holds.here ? 'here' : 'there'));
  const different = fields.filter(({ reason }) => reason !== null).length;
  return different === 0 ? pairs.theyAreEqual : pairs.theyDiffer(different);
}

/** Why, by the names of the systems, and what a person can do. */
function answerText(
  { pairs }: Words,
  { pair, holds, standing, conflict, stoppedSystems }: LinkStory,
): string {
  const [gone, kept] = holds.here ? (['there', 'here'] as const) : (['here', 'there'] as const);
  const names = [systemOn(pair, gone), systemOn(pair, kept)] as const;
  const isHalf = holds.here !== holds.there;
  if (standing === 'conflict' && conflict !== null) {
    if (conflict.kind === 'deletion' && isHalf) return pairs.conflictStandings.deletion(...names);
    if (conflict.kind === 'place' || conflict.kind === 'name' || conflict.kind === 'match')
      return pairs.conflictStandings[conflict.kind];
  }
  if (standing === 'deleted' && isHalf) return pairs.keptBecauseOfRules(...names);
  if (standing === 'approval' && isHalf) return pairs.deletionWaits(...names);
  if (standing === 'system-paused') return pairs.stoppedSystem(stoppedSystems.join(', '));
  return pairs.standings[standing];
}

/** They are resumed on their own pages. */
const StoppedSystems = ({ words, story }: { words: Words; story: LinkStory }): VNode | null =>
  story.stoppedSystems.length === 0 ? null : (
    <p>
      {story.stoppedSystems.map((name) => (
        <a class="part" href={`/systems/${name}`}>
          {words.pairs.toTheSystem(name)}
        </a>
      ))}
    </p>
  );

/** Trying again looks at both sides as well, so only one of the two is offered. */
function Deeds({ visit, story }: { visit: Visit; story: LinkStory }): VNode | null {
  const { words, csrf, caller } = visit;
  const { pairs } = words;
  const { link, job, conflict } = story;
  if (!mayEdit(caller) || link.state === 'gone') return null;
  const retry = job === null ? null : RetryForm({ visit, job, back: `/links/${link.id}`, size: 'usual' });
  return (
    <div class="buttons">
      {retry ?? (
        <ActionForm action={`/links/${link.id}/look`} csrf={csrf}>
          <button class={conflict?.state === 'open' ? 'button quiet' : 'button'}>{pairs.lookAgain}</button>
        </ActionForm>
      )}
      <ActionForm action={`/links/${link.id}/unlink`} csrf={csrf}>
        <button class="button quiet" data-confirm={pairs.confirmUnlink}>
          {pairs.unlink}
        </button>
      </ActionForm>
    </div>
  );
}

/** Both copies side by side: the current values, the last known values, and why they differ. */
function Copies({ words, story }: { words: Words; story: LinkStory }): VNode {
  const { pairs } = words;
  const { pair, fields, holds } = story;
  return (
    <Table
      label={words.bothCopies}
      columns={[pairs.field, systemOn(pair, 'here'), systemOn(pair, 'there'), pairs.why]}
      fit="stacks"
    >
      {(!holds.here || !holds.there) && (
        <tr class="copy disputed">
          <th scope="row">{pairs.record}</th>
          <td data-label={systemOn(pair, 'here')}>{holds.here ? pairs.isThere : pairs.isNotThere}</td>
          <td data-label={systemOn(pair, 'there')}>{holds.there ? pairs.isThere : pairs.isNotThere}</td>
          <td class="wrap">{pairs.differenceReasons[story.standing]}</td>
        </tr>
      )}
      <Sizes words={words} story={story} />
      {fields.map((field) => (
        <tr class={rowClass(field)}>
          <th scope="row">
            <FieldLabel words={words} name={field.field} />
          </th>
          <Side words={words} name={systemOn(pair, 'here')} value={field.here} isThere={holds.here} />
          <Side words={words} name={systemOn(pair, 'there')} value={field.there} isThere={holds.there} />
          <td class="wrap">{holds.here && holds.there && <Why words={words} field={field} />}</td>
        </tr>
      ))}
    </Table>
  );
}

/** The size of the file on each side. Nothing for a folder or a record. */
function Sizes({ words, story: { pair, contents } }: { words: Words; story: LinkStory }): VNode | null {
  const both = contentsIn(contents);
  if (both === null) return null;
  const size = (side: 'here' | 'there') => (
    <td data-label={systemOn(pair, side)}>
      {both[side] === null ? '–' : <Bytes words={words} count={both[side].bytes} />}
    </td>
  );
  return (
    <tr class="copy">
      <th scope="row">{words.pairs.size}</th>
      {size('here')}
      {size('there')}
      <td />
    </tr>
  );
}

/** These differ for good: nobody has to do anything about them. */
const expectedReasons: readonly ComparedField['reason'][] = [
  'one-way',
  'not-kept',
  'nulls-omitted',
  'unchanged-since',
];

const rowClass = ({ reason }: ComparedField): string =>
  reason === null ? 'copy' : expectedReasons.includes(reason) ? 'copy expected' : 'copy disputed';

interface SideProps {
  readonly words: Words;
  readonly name: string;
  readonly value: ComparedValue;
  readonly isThere: boolean;
}

const Side = ({ words, name, value, isThere }: SideProps): VNode => (
  <td class="wrap" data-label={name}>
    {isThere ? <ShownValue words={words} value={value.now} /> : <span class="soft">–</span>}
    {value.hasChanged && (
      <span class="under">
        {words.pairs.lastSeen} <ShownValue words={words} value={value.settled} />
      </span>
    )}
  </td>
);

function Why({ words, field }: { words: Words; field: ComparedField }): VNode {
  const { reason } = field;
  if (reason === null) return <span class="good">{words.pairs.equal}</span>;
  return <>{words.pairs.differenceReasons[reason]}</>;
}

function About({ words, story: { pair, link } }: { words: Words; story: LinkStory }): VNode {
  const { pairs } = words;
  const end = (side: 'here' | 'there') => {
    const one = link[side];
    const revision = one?.revision ?? null;
    return one === null
      ? null
      : ([
          <span>{systemOn(pair, side)}</span>,
          <>
            <code>{one.key}</code>
            {revision !== null && (
              <span class="under">
                {pairs.revision} {visibleText(revision)}
              </span>
            )}
          </>,
        ] as const);
  };
  return (
    <Card title={pairs.aboutThisLink}>
      <Facts
        entries={[
          [pairs.pair, <a href={pairPath(pair.name)}>{pair.name}</a>],
          end('here'),
          end('there'),
          [pairs.syncKey, <code>{link.syncKey}</code>],
          [pairs.linkedSince, <Moment words={words} at={link.madeAt} />],
          [pairs.changedAt, <Age words={words} at={link.changedAt} />],
          link.endedAt === null ? null : [pairs.endedAt, <Moment words={words} at={link.endedAt} />],
        ]}
      />
    </Card>
  );
}

/** A record that has no counterpart yet: what was tried, and what the systems said. */
function jobPage(visit: Visit, { pair, job, events }: JobStory): VNode {
  const { words } = visit;
  return (
    <PairPage
      visit={visit}
      pair={pair}
      tab="jobs"
      title={words.pairs.jobOf(jobName(job))}
      subtitle={
        <>
          {systemOn(pair, job.side)} <JobBadge words={words} state={job.state} />
        </>
      }
    >
      <Card title={words.pairs.workOnIt}>
        {job.link !== null && (
          <p>
            <a href={`/links/${job.link}`}>{words.pairs.toTheLink}</a>
          </p>
        )}
        <JobReason words={words} pair={pair} job={job} />
        <RetryForm visit={visit} job={job} back={`/jobs/${job.id}`} size="usual" />
      </Card>
      <Timeline words={words} pair={pair} events={events} />
    </PairPage>
  );
}
