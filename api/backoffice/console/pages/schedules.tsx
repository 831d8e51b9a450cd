import { Router } from 'express';
import type { VNode } from 'preact';
import type { Schedule } from '../../../../shared/stores/jobs/schedule-store';
import { pathText } from '../../http/request-fields';
import type { ScheduleService } from '../../services/schedules';
import { Page } from '../layout';
import { ActionForm, Age, Badge, Moment, ProblemNote, Table } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';

interface Services {
  readonly schedules: ScheduleService;
}

const address = '/background-work';

/** Work that comes due by itself: seen, paused, resumed and run by admins. */
export function createSchedulePageRoutes({ schedules }: Services, visiting: Visiting): Router {
  const router = Router();
  const show = async (visit: Visit, problem: ProblemText | null): Promise<VNode> =>
    schedulesPage(visit, await schedules.list(visit.caller), problem);

  router.get(
    address,
    visiting.page((visit) => show(visit, null)),
  );

  router.post(
    `${address}/:kind/:deed`,
    visiting.form(
      async (caller, request) => {
        const kind = pathText(request, 'kind');
        const deed = pathText(request, 'deed');
        if (deed === 'run') await schedules.runNow(caller, kind);
        else await schedules.setPaused(caller, kind, deed === 'pause');
        return `${address}?done=saved`;
      },
      (visit, _request, problem) => show(visit, problemTextOf(visit.words, problem)),
    ),
  );

  return router;
}

function schedulesPage(visit: Visit, schedules: readonly Schedule[], problem: ProblemText | null): VNode {
  const { words } = visit;
  const columns = [words.backgroundKind, words.lastRun, words.nextRun, words.actions];
  return (
    <Page visit={visit} title={words.backgroundWork} subtitle={words.backgroundWorkMeaning}>
      <ProblemNote problem={problem} />
      <Table label={words.backgroundWork} columns={columns} fit="stacks">
        {schedules.map((schedule) => (
          <ScheduleRow visit={visit} schedule={schedule} />
        ))}
      </Table>
    </Page>
  );
}

function ScheduleRow({ visit, schedule }: { visit: Visit; schedule: Schedule }): VNode {
  const { words, csrf } = visit;
  const { kind, pausedAt, pausedBy, nextAt } = schedule;
  const known: Readonly<Record<string, string>> = words.backgroundKinds;
  return (
    <tr>
      <th scope="row" class="wrap">
        {known[kind] ?? kind}
        <br />
        <code class="soft">{kind}</code>
      </th>
      <td class="wrap">
        <LastRun words={words} schedule={schedule} />
      </td>
      <td class="wrap">
        {pausedAt === null ? <Moment words={words} at={nextAt} /> : words.pausedBy(pausedBy ?? '–')}
      </td>
      <td>
        <div class="buttons">
          <ActionForm action={`${address}/${kind}/run`} csrf={csrf}>
            <button class="button quiet">{words.runNow}</button>
          </ActionForm>
          <ActionForm action={`${address}/${kind}/${pausedAt === null ? 'pause' : 'resume'}`} csrf={csrf}>
            <button class="button quiet">{pausedAt === null ? words.pauseWork : words.resumeWork}</button>
          </ActionForm>
        </div>
      </td>
    </tr>
  );
}

function LastRun({ words, schedule }: { words: Words; schedule: Schedule }): VNode {
  const { endedAt, failure, isOpen } = schedule;
  if (endedAt === null) return <Badge tone="calm">{isOpen ? words.runIsOpen : words.neverRun}</Badge>;
  return (
    <>
      <Badge tone={failure === null ? 'good' : 'bad'}>
        {failure === null ? words.runSucceeded : words.runFailed}
      </Badge>{' '}
      <Age words={words} at={endedAt} />
      {failure !== null && <p class="soft">{failure}</p>}
    </>
  );
}
