import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import type { Caller } from '../../../../../shared/domain/staff';
import { linkJobStates, linkStates } from '../../../../../shared/systems/pair-states';
import { systemKinds } from '../../../../../shared/systems/system-kinds';
import { decode } from '../../../../http/decode';
import {
  bigIdOf,
  idOf,
  pageOfQuery,
  pageQuery,
  pathBigId,
  pathText,
  textOf,
} from '../../../http/request-fields';
import type { LinkService } from '../../../services/links';
import type { PairBoardService, PairOnBoard } from '../../../services/pair-board';
import type { PairHistoryService } from '../../../services/pair-history';
import type { PairRunService } from '../../../services/pair-runs';
import type { PairService } from '../../../services/pairs';
import { blankless } from '../../form-input';
import { Page } from '../../layout';
import { Pager } from '../../parts';
import { type ProblemText, problemTextOf } from '../../problem-text';
import { isLocalPath, type Visit, type Visiting } from '../../visit';
import { pairFieldsPage } from './pair-fields';
import { pairPath } from './pair-frame';
import { pairHistoryPage } from './pair-history';
import { pairJobsPage } from './pair-jobs';
import { pairLinksPage } from './pair-links';
import { pairNowPage } from './pair-now';
import { pairPlansPage } from './pair-plans';
import { pairRunPage, pairRunsPage } from './pair-runs';
import { PairTable } from './pair-table';
import { planPage } from './plan';
import { NothingYet } from './systems';

interface Services {
  readonly links: LinkService;
  readonly pairBoard: PairBoardService;
  readonly pairHistory: PairHistoryService;
  readonly pairRuns: PairRunService;
  readonly pairs: PairService;
}

const shownRows = 50;
const cursor = z.string().max(40);
const pauseForm = z.object({ reason: textOf(500).default('by hand') });
const key = textOf(500);
const joinForm = z.object({ here: key, there: key });
const lookForm = z.object({ side: z.enum(['here', 'there']), key });
const retryForm = z.object({ back: z.string().refine(isLocalPath) });
const decisionForm = z.object({ decision: z.enum(['approve', 'reject']), digest: z.string().max(200) });
const linkQuery = pageQuery(bigIdOf).extend({
  state: z.enum(linkStates).optional(),
  search: textOf(200).optional(),
});
const runQuery = pageQuery(bigIdOf).extend({ keptAfter: bigIdOf.optional() });
const documentPath = z.string().max(8_000).optional();
const planQuery = pageQuery(idOf).extend({
  folder: documentPath,
  foldersAfter: documentPath,
  itemsAfter: documentPath,
});
const jobQuery = pageQuery(bigIdOf).extend({ state: z.enum(linkJobStates).optional() });

/** The pairs, one pair from every side, and its plans. */
export function createPairPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();
  router.get(
    '/pairs',
    visiting.page(async (visit, request) => {
      const paging = decode(pageQuery(cursor), blankless(request.query));
      const page = await services.pairBoard.pairs(visit.caller, { ...pageOfQuery(paging), limit: shownRows });
      return pairsPage(visit, page);
    }),
  );
  addViews(router, services, visiting);
  addDeeds(router, services, visiting);
  addPlans(router, services, visiting);
  return router;
}

const nameOf = (request: Request) => pathText(request, 'name');

type Show = (visit: Visit, request: Request) => Promise<VNode>;

function addViews(
  router: Router,
  { links, pairs, pairRuns, pairHistory }: Services,
  visiting: Visiting,
): void {
  const view = (path: string, show: Show) => router.get(`/pairs/:name${path}`, visiting.page(show));

  view('', async (visit, request) =>
    pairNowPage(visit, await pairRuns.status(visit.caller, nameOf(request)), null),
  );
  view('/links', async (visit, request) => {
    const { state, search, ...paging } = decode(linkQuery, blankless(request.query));
    const pair = await pairs.get(visit.caller, nameOf(request));
    const filter = { state: state ?? null, search: search ?? null };
    const page = await links.list(visit.caller, pair.name, filter, rowsOf(paging));
    return pairLinksPage(visit, { pair, state, search, page, problem: null });
  });
  view('/jobs', async (visit, request) => {
    const { state, ...paging } = decode(jobQuery, blankless(request.query));
    const pair = await pairs.get(visit.caller, nameOf(request));
    const filter = { state: state ?? null, link: null };
    const page = await links.jobs(visit.caller, pair.name, filter, rowsOf(paging));
    return pairJobsPage(visit, { pair, state, page, problem: null });
  });
  view('/plans', async (visit, request) => {
    const paging = decode(pageQuery(bigIdOf), blankless(request.query));
    const pair = await pairs.get(visit.caller, nameOf(request));
    return pairPlansPage(visit, pair, await pairRuns.plans(visit.caller, pair.name, rowsOf(paging)));
  });
  view('/runs', async (visit, request) => {
    const paging = decode(pageQuery(bigIdOf), blankless(request.query));
    const pair = await pairs.get(visit.caller, nameOf(request));
    return pairRunsPage(visit, pair, await pairRuns.list(visit.caller, pair.name, rowsOf(paging)));
  });
  view('/runs/:id', async (visit, request) => {
    const { keptAfter, ...paging } = decode(runQuery, blankless(request.query));
    const pair = await pairs.get(visit.caller, nameOf(request));
    const id = pathBigId(request, 'run');
    const keptRows = { limit: shownRows, after: keptAfter ?? null };
    const found = await pairRuns.get(visit.caller, pair.name, id, keptRows);
    const deeds = await pairRuns.deeds(visit.caller, pair.name, id, rowsOf(paging));
    return pairRunPage(visit, pair, { ...found, deeds });
  });
  view('/fields', async (visit, request) => {
    const pair = await pairs.get(visit.caller, nameOf(request));
    const kept = await pairRuns.fieldsKept(visit.caller, pair.name);
    return pairFieldsPage(visit, { pair, settings: pairs.settings(pair), kept });
  });
  view('/history', async (visit, request) => {
    const paging = decode(pageQuery(idOf), blankless(request.query));
    return pairHistoryPage(visit, await pairHistory.list(visit.caller, nameOf(request), rowsOf(paging)));
  });
}

function addDeeds(router: Router, { links, pairs, pairRuns }: Services, visiting: Visiting): void {
  const again = async (visit: Visit, request: Request, problem: ProblemText): Promise<VNode> =>
    pairNowPage(visit, await pairRuns.status(visit.caller, nameOf(request)), problem);
  /** `act` returns where to go then. */
  const deed = (path: string, act: (caller: Caller, name: string, request: Request) => Promise<string>) =>
    router.post(
      `/pairs/:name/${path}`,
      visiting.form(
        (caller, request) => act(caller, nameOf(request), request),
        (visit, request, problem) => again(visit, request, problemTextOf(visit.words, problem)),
      ),
    );

  deed('run', async (caller, name) => {
    await pairRuns.run(caller, name, 'check');
    return `${pairPath(name)}?done=run-asked`;
  });
  deed('whole', async (caller, name) => {
    await pairRuns.run(caller, name, 'whole');
    return `${pairPath(name)}?done=run-asked`;
  });
  deed('plan', async (caller, name) => `/plans/${await pairRuns.plan(caller, name)}`);
  deed('pause', async (caller, name, request) => {
    await pairs.pause(caller, name, decode(pauseForm, blankless(request.body)).reason);
    return `${pairPath(name)}?done=paused`;
  });
  deed('resume', async (caller, name) => {
    await pairs.resume(caller, name);
    return `${pairPath(name)}?done=resumed`;
  });
  deed('runs/:id/take-back', async (caller, name, request) => {
    const run = await pairRuns.takeBack(caller, name, pathBigId(request, 'run'));
    return `${pairPath(name, 'runs')}/${run}?done=run-asked`;
  });
  deed('jobs', async (caller, name, request) => {
    await links.addJob(caller, name, decode(lookForm, request.body));
    return `${pairPath(name, 'jobs')}?done=look-asked`;
  });
  deed('links', async (caller, name, request) => {
    const { link } = await links.join(caller, name, decode(joinForm, request.body));
    return `/links/${link.id}?done=joined`;
  });

  router.post(
    '/jobs/:id/retry',
    visiting.form(async (caller, request) => {
      const { back } = decode(retryForm, request.body);
      await links.retry(caller, pathBigId(request, 'job'));
      return `${back}${back.includes('?') ? '&' : '?'}done=look-asked`;
    }),
  );
}

function addPlans(router: Router, { pairRuns }: Services, visiting: Visiting): void {
  const show = async (visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> => {
    const id = pathBigId(request, 'plan');
    const found = await pairRuns.getPlan(visit.caller, id);
    const { folder, foldersAfter, itemsAfter, ...paging } = decode(planQuery, blankless(request.query));
    const page = await pairRuns.planItems(visit.caller, id, rowsOf(paging));
    const tree = systemKinds[found.pair.here.kind].holds === 'documents' && {
      folder: folder ?? '',
      folders: { limit: shownRows, after: foldersAfter ?? null },
      items: { limit: shownRows, after: itemsAfter ?? null },
    };
    return planPage(visit, {
      ...found,
      page,
      tree: tree === false ? null : await pairRuns.planFolder(visit.caller, id, tree),
      problem,
    });
  };
  router.get(
    '/plans/:id',
    visiting.page((visit, request) => show(visit, request, null)),
  );
  router.post(
    '/plans/:id',
    visiting.form(
      async (caller, request) => {
        const { decision, digest } = decode(decisionForm, request.body);
        const id = pathBigId(request, 'plan');
        await pairRuns.decide(caller, id, { decision, ifDigest: digest });
        return `/plans/${id}?done=${decision === 'approve' ? 'plan-approved' : 'plan-rejected'}`;
      },
      (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
    ),
  );
}

const rowsOf = <Key,>(query: { limit: number; cursor?: Key | undefined }) => ({
  ...pageOfQuery(query),
  limit: shownRows,
});

const pairsPage = (visit: Visit, { items, next }: ListPage<PairOnBoard>): VNode => (
  <Page visit={visit} title={visit.words.pairs.pairs} subtitle={visit.words.pairs.pairsMeaning}>
    <div class="stack">
      {items.length === 0 ? (
        <NothingYet words={visit.words} title={visit.words.pairs.noPairs} />
      ) : (
        <PairTable words={visit.words} pairs={items} />
      )}
      <Pager words={visit.words} base="/pairs" next={next} />
    </div>
  </Page>
);
