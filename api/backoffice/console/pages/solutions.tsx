import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { channels } from '../../../../shared/domain/channel';
import { flags } from '../../../../shared/domain/flag';
import { isTimeZone } from '../../../../shared/domain/known-zone';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { confirmations, loginPolicies, solutionStates } from '../../../../shared/domain/solution-settings';
import { isAdmin, mayEdit } from '../../../../shared/domain/staff';
import { nothingTicked } from '../../../../shared/errors/catalog';
import type { Account } from '../../../../shared/stores/solutions/account-store';
import type { AdminChannel, SolutionFilter } from '../../../../shared/stores/solutions/solution-admin-store';
import { decode } from '../../../http/decode';
import { idOf, pageOfQuery, pageQuery, textOf } from '../../http/request-fields';
import type { AccountService } from '../../services/accounts';
import type { FlagService } from '../../services/flags';
import type { EnrolledSolution, ListedSolution, SolutionService } from '../../services/solutions';
import { blankless, listOf } from '../form-input';
import { Page } from '../layout';
import {
  ActionForm,
  Age,
  Badge,
  Card,
  Empty,
  Facts,
  Field,
  Pager,
  ProblemNote,
  Select,
  StatutBadge,
  Table,
  tickAllColumn,
} from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { FlagFields } from './flag-fields';
import { shownName } from './solution-frame';

interface Services {
  readonly solutions: Pick<SolutionService, 'list' | 'create'>;
  readonly flags: Pick<FlagService, 'setMany'>;
  readonly accounts: Pick<AccountService, 'list'>;
}

const query = pageQuery(idOf).extend({
  search: textOf(200).optional(),
  account: idOf.optional(),
  state: z.enum(solutionStates).optional(),
});
const bulk = z.object({
  flag: z.enum(flags),
  channel: z.enum(channels),
  scope: z.enum(['ticked', 'all']),
  search: textOf(200).optional(),
  account: idOf.optional(),
  state: z.enum(solutionStates).optional(),
});
const enrolment = z.object({
  mail: textOf(320),
  name: textOf(200),
  account: idOf.optional(),
  loginPolicy: z.enum(loginPolicies),
  confirmation: z.enum(confirmations),
  timezone: textOf(64).refine(isTimeZone, 'is no time zone'),
});

/** Finding solutions, flags for many at once, and enrolling one. */
export function createSolutionListRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions',
    visiting.page(async (visit, request) => {
      const {
        search = null,
        account = null,
        state = null,
        ...paging
      } = decode(query, blankless(request.query));
      const filter = { search, accountId: account, state };
      const page = await services.solutions.list(visit.caller, filter, pageOfQuery(paging));
      return listPage(visit, filter, page, await accountsOf(visit));
    }),
  );

  router.post(
    '/solutions/flags',
    visiting.form(async (caller, request) => {
      const body = blankless(request.body);
      const { flag, channel, scope, search = null, account = null, state = null } = decode(bulk, body);
      const ids = listOf(request.body, 'solution').map((text) => decode(idOf, text));
      if (scope === 'ticked' && ids.length === 0) throw nothingTicked();
      const selection = scope === 'ticked' ? { ids } : { filter: { search, accountId: account, state } };
      await services.flags.setMany(caller, selection, channel, flag);
      return `/solutions?done=flags-set`;
    }),
  );

  router.get(
    '/solutions/new',
    visiting.page(async (visit) => enrolPage(visit, await accountsOf(visit), null)),
  );

  router.post(
    '/solutions',
    ...visiting.answer(enrol, async (visit, _request, problem) =>
      enrolPage(visit, await accountsOf(visit), problemTextOf(visit.words, problem)),
    ),
  );

  return router;

  /** Those that one may choose from. */
  async function accountsOf({ caller }: Visit): Promise<readonly Account[]> {
    if (!isAdmin(caller)) return [];
    return (await services.accounts.list(caller, { limit: 1_000, after: null })).items;
  }

  async function enrol(visit: Visit, request: Request): Promise<VNode> {
    const { account = null, ...input } = decode(enrolment, blankless(request.body));
    return secretPage(visit, await services.solutions.create(visit.caller, { ...input, accountId: account }));
  }
}

/** A new secret, the only time that it can be read. */
export const secretPage = (visit: Visit, { id, mail, secret }: EnrolledSolution): VNode => (
  <Page
    visit={visit}
    title={visit.words.newSecret}
    trail={[{ href: '/solutions', text: visit.words.solutions }]}
  >
    <section class="card narrow stack">
      <p class="notice busy" role="status">
        {visit.words.shownOnce}
      </p>
      <Facts
        entries={[
          [visit.words.mail, mail],
          [visit.words.secret, <code class="secret">{secret}</code>],
        ]}
      />
      <p>
        <a class="button" href={`/solutions/${id}`}>
          {visit.words.toTheSolution}
        </a>
      </p>
    </section>
  </Page>
);

function listPage(
  visit: Visit,
  filter: SolutionFilter,
  { items, next }: ListPage<ListedSolution>,
  accounts: readonly Account[],
): VNode {
  const { words, caller } = visit;
  const canEdit = mayEdit(caller);
  const isFiltered = filter.search !== null || filter.accountId !== null || filter.state !== null;
  return (
    <Page
      visit={visit}
      title={words.solutions}
      aside={
        canEdit && hasAccounts(visit) ? (
          <a class="button" href="/solutions/new">
            {words.enrolSolution}
          </a>
        ) : undefined
      }
    >
      <div class="stack">
        <FilterForm words={words} filter={filter} accounts={accounts} />
        {items.length === 0 ? (
          <NoSolutions visit={visit} isFiltered={isFiltered} />
        ) : (
          <>
            <SolutionTable words={words} items={items} canTick={canEdit} />
            <Pager words={words} base={`/solutions?${filterQuery(filter)}`} next={next} />
            {canEdit && <BulkForm visit={visit} filter={filter} />}
          </>
        )}
      </div>
    </Page>
  );
}

/** A user without an account sees nothing, and can enrol nothing. */
const hasAccounts = ({ caller }: Visit) => caller.accounts === 'all' || caller.accounts.length > 0;

function NoSolutions({ visit, isFiltered }: { visit: Visit; isFiltered: boolean }): VNode {
  const { words, caller } = visit;
  if (!hasAccounts(visit)) return <NoAccount words={words} />;
  if (isFiltered) return <Empty title={words.nothingFound}>{words.nothingFoundAdvice}</Empty>;
  return <Empty title={words.noSolutions}>{mayEdit(caller) ? words.noSolutionsAdvice : undefined}</Empty>;
}

const NoAccount = ({ words }: { words: Words }): VNode => (
  <Empty title={words.noAccountGiven}>{words.noAccountGivenAdvice}</Empty>
);

const FilterForm = ({
  words,
  filter,
  accounts,
}: {
  words: Words;
  filter: SolutionFilter;
  accounts: readonly Account[];
}): VNode => (
  <form method="get" action="/solutions" class="filters" role="search">
    <Field label={words.search} class="grow">
      <input type="search" name="search" value={filter.search ?? ''} placeholder={words.searchHint} />
    </Field>
    <Field label={words.state}>
      <Select
        name="state"
        value={filter.state ?? ''}
        options={[
          ['', words.all],
          ...solutionStates.map((state) => [state, words.solutionStates[state]] as const),
        ]}
      />
    </Field>
    {accounts.length > 1 && (
      <Field label={words.account}>
        <Select
          name="account"
          value={String(filter.accountId ?? '')}
          options={[['', words.all], ...accounts.map(({ id, name }) => [String(id), name] as const)]}
        />
      </Field>
    )}
    <button class="button quiet">{words.find}</button>
  </form>
);

const SolutionTable = ({
  words,
  items,
  canTick,
}: {
  words: Words;
  items: readonly ListedSolution[];
  canTick: boolean;
}): VNode => (
  <Table
    label={words.solutions}
    columns={[
      ...(canTick ? [tickAllColumn(words, 'solution')] : []),
      words.solution,
      ...channels.map((channel) => words.channels[channel]),
      { label: words.alerts, isNumber: true },
    ]}
  >
    {items.map((solution) => (
      <tr>
        {canTick && (
          <td class="tick">
            <input
              type="checkbox"
              name="solution"
              value={solution.id}
              form="bulk"
              aria-label={words.tick(shownName(solution))}
            />
          </td>
        )}
        <th scope="row">
          <a href={`/solutions/${solution.id}`}>{shownName(solution)}</a>
          <span class="under">{solution.account.name}</span>
          <span class="under">{solution.mail}</span>
          {solution.blockedAt !== null && <Badge tone="bad">{words.blocked}</Badge>}
          {solution.lockedAt !== null && <Badge tone="bad">{words.locked}</Badge>}
        </th>
        {solution.channels.map((channel) => (
          <ChannelCell words={words} channel={channel} zone={solution.timezone} />
        ))}
        <td class={`number ${solution.openAlerts > 0 ? 'bad' : 'soft'}`}>{solution.openAlerts}</td>
      </tr>
    ))}
  </Table>
);

const ChannelCell = ({
  words,
  channel: { statut, lastConfirmedAt },
  zone,
}: {
  words: Words;
  channel: AdminChannel;
  zone: string;
}): VNode => (
  <td>
    <StatutBadge words={words} statut={statut} />
    <span class="under">
      {lastConfirmedAt === null ? words.never : <Age words={words} at={lastConfirmedAt} zone={zone} />}
    </span>
  </td>
);

const BulkForm = ({ visit: { words, csrf }, filter }: { visit: Visit; filter: SolutionFilter }): VNode => (
  <Card title={words.flagsForMany} class="bulk">
    <ActionForm action="/solutions/flags" csrf={csrf} id="bulk" class="filters">
      <input type="hidden" name="search" value={filter.search ?? ''} />
      <input type="hidden" name="account" value={filter.accountId ?? ''} />
      <input type="hidden" name="state" value={filter.state ?? ''} />
      <FlagFields words={words} />
      <Field label={words.forWhich}>
        <Select
          name="scope"
          value="ticked"
          options={[
            ['ticked', words.tickedOnes],
            ['all', words.allThatTheFilterFinds],
          ]}
        />
      </Field>
      <button class="button" data-confirm={words.confirmBulk}>
        {words.setFlag}
      </button>
    </ActionForm>
  </Card>
);

const usualPolicies = { loginPolicy: 'secret', confirmation: 'explicit', timezone: 'Europe/Paris' };

const enrolPage = (visit: Visit, accounts: readonly Account[], problem: ProblemText | null): VNode => {
  const { words, csrf } = visit;
  if (!hasAccounts(visit)) {
    return (
      <Page visit={visit} title={words.enrolSolution} trail={[{ href: '/solutions', text: words.solutions }]}>
        <NoAccount words={words} />
      </Page>
    );
  }
  return (
    <Page visit={visit} title={words.enrolSolution} trail={[{ href: '/solutions', text: words.solutions }]}>
      <ActionForm action="/solutions" csrf={csrf} class="card narrow stack">
        <ProblemNote problem={problem} />
        <Field label={words.name}>
          <input name="name" required maxLength={200} />
        </Field>
        <Field label={words.mail} hint={words.mailHint}>
          <input name="mail" required maxLength={320} inputMode="email" />
        </Field>
        {accounts.length > 0 && (
          <Field label={words.account}>
            <Select
              name="account"
              value=""
              options={accounts.map(({ id, name }) => [String(id), name] as const)}
            />
          </Field>
        )}
        <PolicyFields words={words} values={usualPolicies} />
        <button class="button">{words.enrol}</button>
      </ActionForm>
    </Page>
  );
};

/** The settings for a solution's sign-in, its packages and its clock. */
export const PolicyFields = ({
  words,
  values,
}: {
  words: Words;
  values: Readonly<Record<'loginPolicy' | 'confirmation' | 'timezone', string>>;
}): VNode => (
  <>
    <Field label={words.loginPolicy}>
      <Select
        name="loginPolicy"
        value={values.loginPolicy}
        options={loginPolicies.map((policy) => [policy, words.loginPolicies[policy]] as const)}
      />
    </Field>
    <Field label={words.confirmation}>
      <Select
        name="confirmation"
        value={values.confirmation}
        options={confirmations.map((one) => [one, words.confirmations[one]] as const)}
      />
    </Field>
    <Field label={words.timezone} hint={words.timezoneHint}>
      <input name="timezone" required value={values.timezone} maxLength={64} />
    </Field>
  </>
);

const filterQuery = ({ search, accountId, state }: SolutionFilter) =>
  new URLSearchParams({
    ...(search === null ? {} : { search }),
    ...(accountId === null ? {} : { account: String(accountId) }),
    ...(state === null ? {} : { state }),
  }).toString();
