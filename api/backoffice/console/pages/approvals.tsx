import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { mayEdit } from '../../../../shared/domain/staff';
import type { Approval } from '../../../../shared/stores/parameters/approval-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from '../../http/request-fields';
import type { ApprovalService } from '../../services/approvals';
import type { OverviewService } from '../../services/overview';
import { calledBy } from '../called';
import { blankless } from '../form-input';
import { Page } from '../layout';
import { linkTo } from '../link';
import { ActionForm, Age, Badge, Card, Empty, Pager, Tabs } from '../parts';
import type { Visit, Visiting } from '../visit';

interface Services {
  readonly approvals: ApprovalService;
  readonly overview: Pick<OverviewService, 'names'>;
}

const views = ['open', 'all'] as const;
const scope = z.object({ solution: idOf.optional() });
const query = pageQuery(bigIdOf).extend({ state: z.enum(views).default('open'), ...scope.shape });
const decision = z.object({ decision: z.enum(['approve', 'reject']) });
const shownRows = 20;

/** Changes that need an approval because there are so many at once. */
export function createApprovalPageRoutes({ approvals, overview }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/approvals',
    visiting.page(async (visit, request) => {
      const { state, solution, ...paging } = decode(query, blankless(request.query));
      const filter = { solutionId: solution ?? null, state: state === 'all' ? null : state };
      const page = await approvals.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      const names = await overview.names(
        visit.caller,
        page.items.map(({ solutionId }) => solutionId),
      );
      return approvalsPage(visit, { state, solution }, page, names);
    }),
  );

  router.post(
    '/approvals/:id',
    visiting.form(async (caller, request) => {
      const { decision: decided } = decode(decision, request.body);
      await approvals.decide(caller, pathBigId(request, 'approval'), decided);
      const done = decided === 'approve' ? 'approved' : 'rejected';
      return linkTo('/approvals', { ...decode(scope, blankless(request.query)), done });
    }),
  );

  return router;
}

interface Shown {
  readonly state: (typeof views)[number];
  /** Undefined: all of them. */
  readonly solution?: number | undefined;
}

const approvalsPage = (
  visit: Visit,
  { state, solution }: Shown,
  { items, next }: ListPage<Approval>,
  names: ReadonlyMap<number, SolutionName>,
): VNode => (
  <Page visit={visit} title={visit.words.approvals} subtitle={visit.words.approvalsMeaning}>
    <Tabs
      label={visit.words.state}
      tabs={views.map((one) => ({
        href: linkTo('/approvals', { state: one, solution }),
        text: visit.words.openOrAll[one],
        isCurrent: one === state,
      }))}
    />
    <div class="stack">
      {items.length === 0 && <Empty title={visit.words.noApprovals}>{visit.words.noApprovalsMeaning}</Empty>}
      {items.map((approval) => (
        <ApprovalCard
          visit={visit}
          approval={approval}
          solution={names.get(approval.solutionId)}
          action={linkTo(`/approvals/${approval.id}`, { solution })}
        />
      ))}
      <Pager words={visit.words} base={linkTo('/approvals', { state, solution })} next={next} />
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
  const { words, csrf, caller } = visit;
  const { className, plan, kind, state } = approval;
  return (
    <Card
      id={`a${approval.id}`}
      title={(kind === 'changes' ? words.toChange : words.toDelete)(plan.length, calledBy(words, className))}
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
      {state === 'open' ? (
        mayEdit(caller) && (
          <ActionForm action={action} csrf={csrf} class="buttons">
            <button
              class="button danger"
              name="decision"
              value="approve"
              data-confirm={kind === 'changes' ? undefined : words.confirmDelete}
            >
              {words.approve}
            </button>
            <button class="button quiet" name="decision" value="reject">
              {words.reject}
            </button>
          </ActionForm>
        )
      ) : (
        <p class="soft">
          <Badge tone={state === 'approved' ? 'good' : 'calm'}>{words.approvalStates[state]}</Badge>
          {approval.decidedBy !== null && ` ${approval.decidedBy}`}
        </p>
      )}
    </Card>
  );
}
