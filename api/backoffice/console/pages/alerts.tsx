import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { nothingTicked } from '../../../../shared/errors/catalog';
import type { ProbeAlert } from '../../../../shared/stores/alerts/alert-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { bigIdOf, pageOfQuery, pageQuery, pathBigId, pathId, textOf } from '../../http/request-fields';
import type { AlertService } from '../../services/alerts';
import type { OverviewService } from '../../services/overview';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless, listOf } from '../form-input';
import { Page } from '../layout';
import { ActionForm, Empty, Field, Pager, Tabs } from '../parts';
import { isLocalPath, type Visit, type Visiting } from '../visit';
import { AlertTable, canAcknowledge } from './alert-table';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly alerts: AlertService;
  readonly overview: Pick<OverviewService, 'names'>;
  readonly solutions: Pick<SolutionService, 'get'>;
}

const views = ['new', 'open', 'all'] as const;
type View = (typeof views)[number];
const query = pageQuery(bigIdOf).extend({ view: z.enum(views).default('new') });
const acknowledgement = z.object({ comment: textOf(500).optional(), back: z.string().refine(isLocalPath) });
const manySeen = z.object({ comment: textOf(500).optional(), view: z.enum(views) });
const shownRows = 50;

/** Alerts of all solutions. */
export function createAlertPageRoutes({ alerts, overview, solutions }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/alerts',
    visiting.page(async (visit, request) => {
      const { view, ...paging } = decode(query, blankless(request.query));
      const filter = {
        solutionId: null,
        state: view === 'all' ? null : ('open' as const),
        kind: null,
        isAcknowledged: view === 'new' ? false : null,
      };
      const page = await alerts.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      const names = await overview.names(
        visit.caller,
        page.items.map(({ solutionId }) => solutionId),
      );
      return alertsPage(visit, view, page, names);
    }),
  );

  router.get(
    '/solutions/:id/alerts',
    visiting.page(async (visit, request) => {
      const solution = await solutions.get(visit.caller, pathId(request, 'solution'));
      const paging = decode(pageQuery(bigIdOf), blankless(request.query));
      const filter = { solutionId: solution.id, state: null, kind: null, isAcknowledged: null };
      const page = await alerts.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      return alertsOfSolution(visit, solution, page);
    }),
  );

  router.post(
    '/alerts/:id/acknowledge',
    visiting.form(async (caller, request) => {
      const { comment = null, back } = decode(acknowledgement, blankless(request.body));
      await alerts.acknowledge(caller, pathBigId(request, 'alert'), comment);
      return `${back}?done=acknowledged`;
    }),
  );

  router.post(
    '/alerts/acknowledge',
    visiting.form(async (caller, request) => {
      const { comment = null, view } = decode(manySeen, blankless(request.body));
      const ids = listOf(request.body, 'alert').map((text) => decode(bigIdOf, text));
      if (ids.length === 0) throw nothingTicked();
      await alerts.acknowledgeMany(caller, ids, comment);
      return `/alerts?view=${view}&done=acknowledged-many`;
    }),
  );

  return router;
}

const alertsPage = (
  visit: Visit,
  view: View,
  { items, next }: ListPage<ProbeAlert>,
  names: ReadonlyMap<number, SolutionName>,
): VNode => (
  <Page visit={visit} title={visit.words.alerts} subtitle={visit.words.alertsMeaning}>
    <Tabs
      label={visit.words.state}
      tabs={views.map((one) => ({
        href: `/alerts?view=${one}`,
        text: visit.words.alertViews[one],
        isCurrent: one === view,
      }))}
    />
    <div class="stack">
      {items.length === 0 ? (
        <Empty title={visit.words.noAlerts}>{visit.words.noAlertsMeaning}</Empty>
      ) : (
        <>
          <AlertTable
            visit={visit}
            alerts={items}
            names={names}
            tickedFor={canAcknowledge(visit, items) ? 'bulk' : null}
          />
          {canAcknowledge(visit, items) && (
            <ActionForm action="/alerts/acknowledge" csrf={visit.csrf} id="bulk" class="filters">
              <input type="hidden" name="view" value={view} />
              <Field label={visit.words.comment} class="grow">
                <input name="comment" maxLength={500} />
              </Field>
              <button class="button quiet">{visit.words.acknowledgeTicked}</button>
            </ActionForm>
          )}
        </>
      )}
      <Pager words={visit.words} base={`/alerts?view=${view}`} next={next} />
    </div>
  </Page>
);

const alertsOfSolution = (
  visit: Visit,
  solution: SolutionDetail,
  { items, next }: ListPage<ProbeAlert>,
): VNode => (
  <SolutionPage visit={visit} solution={solution} tab="alerts">
    {items.length === 0 ? (
      <Empty title={visit.words.noAlerts}>{visit.words.noAlertsMeaning}</Empty>
    ) : (
      <AlertTable visit={visit} alerts={items} names={null} zone={solution.timezone} />
    )}
    <Pager words={visit.words} base={`/solutions/${solution.id}/alerts`} next={next} />
  </SolutionPage>
);
