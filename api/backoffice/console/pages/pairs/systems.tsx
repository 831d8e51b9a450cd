import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { decode } from '../../../../http/decode';
import { pageOfQuery, pageQuery, pathText, textOf } from '../../../http/request-fields';
import type { HookService } from '../../../services/hooks';
import type { PairBoardService, SystemOnBoard } from '../../../services/pair-board';
import type { SystemTaskService } from '../../../services/system-tasks';
import type { SystemService } from '../../../services/systems';
import { blankless } from '../../form-input';
import { Page } from '../../layout';
import { Empty, Pager, Table } from '../../parts';
import { problemTextOf, type ProblemText } from '../../problem-text';
import type { Visit, Visiting } from '../../visit';
import type { Words } from '../../words';
import { systemPage } from './system';
import { clockText, kindLabel, StateReason, SystemBadge } from './system-parts';

interface Services {
  readonly hooks: Pick<HookService, 'list'>;
  readonly pairBoard: PairBoardService;
  readonly systems: Pick<SystemService, 'pause' | 'resume'>;
  readonly systemTasks: Pick<SystemTaskService, 'probe'>;
}

/** A name in a path is looked up, whatever it is: there is none of a name that none may have. */
const cursor = z.string().max(40);
const pauseForm = z.object({ reason: textOf(500).default('by hand') });
const shownRows = 100;

/** The systems that pairs are made of. */
export function createSystemPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();
  const { hooks, pairBoard, systems, systemTasks } = services;

  router.get(
    '/systems',
    visiting.page(async (visit, request) => {
      const paging = decode(pageQuery(cursor), blankless(request.query));
      const page = await pairBoard.systems(visit.caller, { ...pageOfQuery(paging), limit: shownRows });
      return systemsPage(visit, page);
    }),
  );

  const show = async (visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> => {
    const name = pathText(request, 'name');
    return systemPage(visit, {
      ...(await pairBoard.system(visit.caller, name)),
      hooks: await hooks.list(visit.caller, name),
      pairs: await pairBoard.pairsOf(visit.caller, name),
      problem,
    });
  };
  router.get(
    '/systems/:name',
    visiting.page((visit, request) => show(visit, request, null)),
  );

  const deed = (path: string, done: string, act: (...of: ActArguments) => Promise<unknown>) =>
    router.post(
      `/systems/:name/${path}`,
      visiting.form(
        async (caller, request) => {
          const name = pathText(request, 'name');
          await act(caller, name, request.body);
          return `/systems/${name}?done=${done}`;
        },
        (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
      ),
    );
  deed('probe', 'probed', (caller, name) => systemTasks.probe(caller, name));
  deed('resume', 'resumed', (caller, name) => systems.resume(caller, name));
  deed('pause', 'paused', (caller, name, body) =>
    systems.pause(caller, name, decode(pauseForm, blankless(body)).reason),
  );

  return router;
}

type ActArguments = [...Parameters<SystemTaskService['probe']>, unknown];

const systemsPage = (visit: Visit, { items, next }: ListPage<SystemOnBoard>): VNode => (
  <Page visit={visit} title={visit.words.pairs.systems} subtitle={visit.words.pairs.systemsMeaning}>
    <div class="stack">
      {items.length === 0 ? (
        <NothingYet words={visit.words} title={visit.words.pairs.noSystems} />
      ) : (
        <SystemTable words={visit.words} systems={items} />
      )}
      <Pager words={visit.words} base="/systems" next={next} />
    </div>
  </Page>
);

/** What to do where there are no systems or no pairs. */
export const NothingYet = ({ words, title }: { words: Words; title: string }): VNode => (
  <Empty title={title}>
    {words.pairs.noSystemsAdvice} <code>{words.pairs.applyCommand}</code>
  </Empty>
);

function SystemTable({ words, systems }: { words: Words; systems: readonly SystemOnBoard[] }): VNode {
  const { pairs } = words;
  const columns = [
    pairs.system,
    words.state,
    pairs.clockOffset,
    pairs.owner,
    { label: pairs.pairs, isNumber: true },
  ];
  return (
    <Table label={pairs.systems} columns={columns} fit="stacks">
      {systems.map(({ system, note }) => (
        <tr>
          <th scope="row">
            <a href={`/systems/${system.name}`}>{system.name}</a>
            <span class="under">{kindLabel(words, system.kind)}</span>
          </th>
          <td class="wrap">
            <SystemBadge words={words} state={system.state} />
            <span class="under">
              <StateReason words={words} system={system} />
            </span>
          </td>
          <td data-label={pairs.clockOffset}>{clockText(words, system.clockOffsetMs)}</td>
          <td data-label={pairs.owner}>{note.account ?? pairs.operatorsOwn}</td>
          <td class="number" data-label={pairs.pairs}>
            {note.pairs}
          </td>
        </tr>
      ))}
    </Table>
  );
}
