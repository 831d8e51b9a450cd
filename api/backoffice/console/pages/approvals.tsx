import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { mapPage, type Page as ListPage, type PageRequest } from '../../../../shared/domain/page';
import type { Caller } from '../../../../shared/domain/staff';
import type { PairApproval } from '../../../../shared/stores/pairs/pair-inbox-store';
import type { Approval } from '../../../../shared/stores/parameters/approval-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { listBoth } from '../../http/lists-of-both';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from '../../http/request-fields';
import type { ApprovalService } from '../../services/approvals';
import type { OverviewService } from '../../services/overview';
import type { PairInboxService } from '../../services/pair-inbox';
import { labelText } from '../label-text';
import { blankless } from '../form-input';
import { Page } from '../layout';
import { linkTo } from '../link';
import { Age, Card, Empty, Pager, Tabs } from '../parts';
import type { Visit, Visiting } from '../visit';
import { ApprovalDecision } from './approval-decision';
import { PairApprovalCard } from './pairs/approval-card';
import { heldTreePage } from './pairs/held-tree';

interface Services {
  readonly approvals: ApprovalService;
  readonly overview: Pick<OverviewService, 'names'>;
  readonly pairInbox: PairInboxService;
}

const views = ['open', 'all'] as const;
const scope = z.object({ solution: idOf.optional(), pair: z.string().max(40).optional() });
const query = pageQuery(bigIdOf).extend({ state: z.enum(views).default('open'), ...scope.shape });
const documentPath = z.string().max(8_000).optional();
const decision = z.object({
  decision: z.enum(['approve', 'reject']),
  folder: documentPath,
  kind: z.enum(['deletions', 'file-limit', 'changes']).optional(),
});
const treeQuery = z.object({ folder: documentPath, foldersAfter: documentPath, linesAfter: documentPath });
const shownRows = 20;
const treeRows = 50;

/** An approval of a kitchen or of a pair of systems. Their ids come from one counter. */
type AnyApproval =
  | { readonly id: string; readonly of: 'kitchen'; readonly approval: Approval }
  | { readonly id: string; readonly of: 'pair'; readonly approval: PairApproval };

/** Changes that need an approval because there are so many at once. */
export function createApprovalPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();
  const { approvals, overview, pairInbox } = services;

  router.get(
    '/approvals',
    visiting.page(async (visit, request) => {
      const { state, solution, pair, ...paging } = decode(query, blankless(request.query));
      const shown = { state, solution, pair };
      const page = await listShown(services, visit.caller, shown, {
        ...pageOfQuery(paging),
        limit: shownRows,
      });
      const names = await overview.names(
        visit.caller,
        page.items.flatMap((one) => (one.of === 'kitchen' ? [one.approval.solutionId] : [])),
      );
      return approvalsPage(visit, shown, page, names);
    }),
  );

  router.get(
    '/approvals/:id',
    visiting.page(async (visit, request) => {
      const { folder = '', foldersAfter, linesAfter } = decode(treeQuery, blankless(request.query));
      const tree = await pairInbox.heldTree(visit.caller, pathBigId(request, 'approval'), {
        folder,
        folders: { limit: treeRows, after: foldersAfter ?? null },
        lines: { limit: treeRows, after: linesAfter ?? null },
      });
      return heldTreePage(visit, folder, tree);
    }),
  );

  router.post(
    '/approvals/:id',
    visiting.form(async (caller, request) => {
      const choice = decode(decision, request.body);
      const { decision: decided, folder, kind } = choice;
      const id = pathBigId(request, 'approval');
      const of = decode(scope, blankless(request.query));
      const isOfPair = (await pairInbox.findApproval(caller, id)) !== null;
      if (isOfPair) await pairInbox.decideApproval(caller, id, choice);
      else await approvals.decide(caller, id, decided);
      const done = decided === 'approve' ? 'approved' : isOfPair ? 'pair-rejected' : 'rejected';
      if (folder !== undefined || kind !== undefined) return linkTo(`/approvals/${id}`, { done });
      return linkTo('/approvals', { ...of, done });
    }),
  );

  return router;
}

const listShown = (
  { approvals, pairInbox }: Services,
  caller: Caller,
  shown: Shown,
  page: PageRequest<string>,
): Promise<ListPage<AnyApproval>> =>
  listBoth<'open', AnyApproval>(shown, page, {
    ofSolutions: async (filter, asked) =>
      mapPage(await approvals.list(caller, filter, asked), (approval) => ({
        id: approval.id,
        of: 'kitchen',
        approval,
      })),
    ofPairs: async (filter, asked) =>
      mapPage(await pairInbox.approvals(caller, filter, asked), (approval) => ({
        id: approval.id,
        of: 'pair',
        approval,
      })),
  });

interface Shown {
  readonly state: (typeof views)[number];
  /** Undefined: all of them. */
  readonly solution?: number | undefined;
  /** Undefined: all of them. */
  readonly pair?: string | undefined;
}

const approvalsPage = (
  visit: Visit,
  { state, ...of }: Shown,
  { items, next }: ListPage<AnyApproval>,
  names: ReadonlyMap<number, SolutionName>,
): VNode => (
  <Page visit={visit} title={visit.words.approvals} subtitle={visit.words.approvalsMeaning}>
    <Tabs
      label={visit.words.state}
      tabs={views.map((one) => ({
        href: linkTo('/approvals', { state: one, ...of }),
        text: visit.words.openOrAll[one],
        isCurrent: one === state,
      }))}
    />
    <div class="stack">
      {items.length === 0 && <Empty title={visit.words.noApprovals}>{visit.words.noApprovalsMeaning}</Empty>}
      {items.map((one) =>
        one.of === 'pair' ? (
          <PairApprovalCard
            visit={visit}
            approval={one.approval}
            action={linkTo(`/approvals/${one.id}`, { pair: of.pair })}
          />
        ) : (
          <ApprovalCard
            visit={visit}
            approval={one.approval}
            solution={names.get(one.approval.solutionId)}
            action={linkTo(`/approvals/${one.id}`, { solution: of.solution })}
          />
        ),
      )}
      <Pager words={visit.words} base={linkTo('/approvals', { state, ...of })} next={next} />
    </div>
  </Page>
);

interface CardProps {
  readonly visit: Visit;
  readonly approval: Approval;
  readonly solution: SolutionName | undefined;
  /** Where the decision is sent; it leads back to the same list. */
  readonly action: string;
}

/** For readings, the link leads to their table. */
const entityPath = ({ kind, solutionId, className }: Approval, id: string) =>
  kind === 'replace-logs'
    ? `/solutions/${solutionId}/readings/${className}`
    : `/solutions/${solutionId}/params/${className}/${encodeURIComponent(id)}`;

const shownEntities = 200;

function ApprovalCard({ visit, approval, solution, action }: CardProps): VNode {
  const { words } = visit;
  const { className, plan, kind, state } = approval;
  return (
    <Card
      id={`a${approval.id}`}
      title={(kind === 'changes' ? words.toChange : words.toDelete)(plan.length, labelText(words, className))}
      aside={
        <span class="soft">
          <a href={`/solutions/${approval.solutionId}`}>{solution?.name ?? approval.solutionId}</a> ·{' '}
          <a href={`/syncs/${approval.syncId}`}>
            <Age words={words} at={approval.createdAt} zone={solution?.timezone} />
          </a>
        </span>
      }
    >
      <p>{approval.reason === null ? words.approvalKinds[kind] : words.approvalReasons[approval.reason]}</p>
      <details>
        <summary>{words.whichOnes}</summary>
        <ul class="chips">
          {plan.slice(0, shownEntities).map(({ id }) => (
            <li>
              <a href={entityPath(approval, id)}>{id}</a>
            </li>
          ))}
        </ul>
      </details>
      <ApprovalDecision
        visit={visit}
        action={action}
        state={state}
        decidedBy={approval.decidedBy}
        approve={words.approve}
        reject={words.reject}
        question={kind === 'changes' ? undefined : words.confirmDelete}
      />
    </Card>
  );
}
