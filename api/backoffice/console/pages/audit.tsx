import { Router } from 'express';
import type { VNode } from 'preact';
import { auditActions } from '../../../../shared/domain/audit-action';
import type { Page as ListPage } from '../../../../shared/domain/page';
import type { RecordedAudit } from '../../../../shared/stores/staff/audit-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { bigIdOf, idOf, pageOfQuery, pageQuery, textOf } from '../../http/request-fields';
import type { AuditService } from '../../services/audit';
import type { OverviewService } from '../../services/overview';
import { blankless } from '../form-input';
import { Page } from '../layout';
import { Empty, Field, Moment, Pager, Select, Table } from '../parts';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';

interface Services {
  readonly audit: AuditService;
  readonly overview: Pick<OverviewService, 'names'>;
}

const query = pageQuery(bigIdOf).extend({
  solution: idOf.optional(),
  user: textOf(320).optional(),
  action: textOf(100).optional(),
});
const shownRows = 50;

interface Filter {
  readonly solution: string;
  readonly user: string;
  readonly action: string;
}

/** Who did what, when, from where, with before and after. */
export function createAuditPageRoutes({ audit, overview }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/audit',
    visiting.page(async (visit, request) => {
      const { solution, user, action, ...paging } = decode(query, blankless(request.query));
      const filter = { solutionId: solution ?? null, actor: user ?? null, action: action ?? null };
      const page = await audit.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      const ids = page.items.flatMap(({ solutionId }) => (solutionId === null ? [] : [solutionId]));
      const shown = { solution: String(solution ?? ''), user: user ?? '', action: action ?? '' };
      return auditPage(visit, shown, page, await overview.names(visit.caller, ids));
    }),
  );

  return router;
}

function auditPage(
  visit: Visit,
  filter: Filter,
  { items, next }: ListPage<RecordedAudit>,
  names: ReadonlyMap<number, SolutionName>,
): VNode {
  const { words } = visit;
  const filled = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ''));
  return (
    <Page visit={visit} title={words.audit} subtitle={words.auditMeaning}>
      <div class="stack">
        <form method="get" action="/audit" class="filters">
          <Field label={words.who} class="grow">
            <input name="user" value={filter.user} placeholder="someone@example.org" />
          </Field>
          <Field label={words.action} class="short">
            <Select name="action" value={filter.action} options={actionOptions(words, filter.action)} />
          </Field>
          <Field label={words.solutionNumber}>
            <input name="solution" value={filter.solution} inputMode="numeric" size={8} />
          </Field>
          <button class="button quiet">{words.find}</button>
        </form>
        {items.length === 0 ? (
          <Empty title={words.nothingFound} />
        ) : (
          <Table
            label={words.audit}
            fit="stacks"
            columns={[words.time, words.who, words.action, words.solution, words.beforeAndAfter]}
          >
            {items.map((entry) => (
              <AuditRow words={words} entry={entry} solution={names.get(entry.solutionId ?? -1)} />
            ))}
          </Table>
        )}
        <Pager words={words} base={`/audit?${filled.toString()}`} next={next} />
      </div>
    </Page>
  );
}

/** An unknown action in the URL stays in the list. */
const actionOptions = (words: Words, asked: string): (readonly [string, string])[] => [
  ['', words.all],
  ...[...new Set<string>([...auditActions, ...(asked === '' ? [] : [asked])])].map(
    (action) => [action, actionText(words, action)] as const,
  ),
];

/** An action of an earlier version, without a translation, is shown as its code. */
function actionText(words: Words, action: string): string {
  const known: Readonly<Record<string, string>> = words.auditActions;
  return Object.hasOwn(known, action) ? (known[action] ?? action) : action;
}

const AuditRow = ({
  words,
  entry,
  solution,
}: {
  words: Words;
  entry: RecordedAudit;
  solution: SolutionName | undefined;
}): VNode => (
  <tr>
    <td>
      <Moment words={words} at={entry.at} />
    </td>
    <th scope="row">
      {entry.actor}
      {entry.address !== null && <span class="under">{entry.address}</span>}
    </th>
    <td class="wrap">
      {actionText(words, entry.action)}
      <span class="under">
        <code>{entry.action}</code>
      </span>
    </td>
    <td>
      {entry.solutionId === null ? (
        <span class="soft">–</span>
      ) : (
        <a href={`/solutions/${entry.solutionId}`}>{solution?.name ?? entry.solutionId}</a>
      )}
    </td>
    <td class="wrap">
      {entry.before === null && entry.after === null ? (
        <span class="soft">–</span>
      ) : (
        <details>
          <summary>{words.show}</summary>
          <Side label={words.before} value={entry.before} />
          <Side label={words.afterwards} value={entry.after} />
        </details>
      )}
    </td>
  </tr>
);

const Side = ({ label, value }: { label: string; value: unknown }): VNode | null =>
  value === null ? null : (
    <>
      <p class="field-label">{label}</p>
      <pre>{JSON.stringify(value, null, 2)}</pre>
    </>
  );
