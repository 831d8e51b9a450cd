import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import {
  accountQuotaNames,
  isByteQuota,
  mostOfQuota,
  type QuotaName,
  quotaNames,
} from '../../../../shared/domain/quota';
import { isAdmin } from '../../../../shared/domain/staff';
import { decode } from '../../../http/decode';
import { pathId } from '../../http/request-fields';
import type { BoundView, QuotaSettingsService, QuotaView, SolutionQuotaView } from '../../services/quotas';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless } from '../form-input';
import { ageText, bytesText, numberText } from '../format';
import { Page } from '../layout';
import { ActionForm, Card, Moment, ProblemNote, Table } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly quotas: QuotaSettingsService;
  readonly solutions: Pick<SolutionService, 'get'>;
}

const ownBound = (name: QuotaName) =>
  z.coerce.number().int().min(1).max(mostOfQuota(name)).nullable().default(null);
/** An empty field is no bound of its own. */
const accountForm = z.object({
  syncsPerDay: ownBound('syncsPerDay'),
  bytesPerDay: ownBound('bytesPerDay'),
  openUploads: ownBound('openUploads'),
  openUploadBytes: ownBound('openUploadBytes'),
  openQuarantine: ownBound('openQuarantine'),
});
const solutionForm = accountForm.extend({ extraColumns: ownBound('extraColumns') });
const revision = z.object({ revision: z.string().max(100).optional() });

/** How much of the server a solution, or an account, may take. */
export function createQuotaPageRoutes({ quotas, solutions }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/quotas',
    visiting.page((visit, request) => showSolution(visit, request, null)),
  );

  router.post(
    '/solutions/:id/quotas',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'solution');
        const own = decode(solutionForm, blankless(request.body));
        await quotas.changeOfSolution(caller, id, own, revisionOf(request));
        return `/solutions/${id}/quotas?done=saved`;
      },
      (visit, request, problem) => showSolution(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/accounts/:id/quotas',
    visiting.page((visit, request) => showAccount(visit, request, null)),
  );

  router.post(
    '/accounts/:id/quotas',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'account');
        const own = decode(accountForm, blankless(request.body));
        await quotas.changeOfAccount(caller, id, own, revisionOf(request));
        return `/accounts/${id}/quotas?done=saved`;
      },
      (visit, request, problem) => showAccount(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  return router;

  async function showSolution(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const id = pathId(request, 'solution');
    const solution = await solutions.get(visit.caller, id);
    return solutionQuotaPage(visit, solution, await quotas.ofSolution(visit.caller, id), problem);
  }

  async function showAccount(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const id = pathId(request, 'account');
    const view = await quotas.ofAccount(visit.caller, id);
    const { words } = visit;
    return (
      <Page
        visit={visit}
        title={view.accountName}
        subtitle={words.quotas}
        trail={[{ href: '/accounts', text: words.accounts }]}
      >
        <Card title={words.quotas}>
          <p class="soft">{words.accountQuotasMeaning}</p>
          <QuotaForm
            visit={visit}
            action={`/accounts/${id}/quotas`}
            view={view}
            names={accountQuotaNames}
            problem={problem}
          />
        </Card>
      </Page>
    );
  }
}

const revisionOf = (request: Request): string | null =>
  decode(revision, blankless(request.body)).revision ?? null;

function solutionQuotaPage(
  visit: Visit,
  solution: SolutionDetail,
  view: SolutionQuotaView,
  problem: ProblemText | null,
): VNode {
  const { words } = visit;
  return (
    <SolutionPage visit={visit} solution={solution} tab="settings">
      <Card title={words.quotas}>
        <p class="soft">{words.quotasMeaning}</p>
        <LastRefusal words={words} view={view} />
        <QuotaForm
          visit={visit}
          action={`/solutions/${solution.id}/quotas`}
          view={view}
          names={quotaNames}
          problem={problem}
          zone={solution.timezone}
        />
      </Card>
    </SolutionPage>
  );
}

/** Nothing where nothing was refused within the last day. */
export function LastRefusal({ words, view }: { words: Words; view: SolutionQuotaView }): VNode | null {
  const { refusedAt, refusedFor } = view;
  if (refusedAt === null || refusedFor === null || refusedAt.getTime() < Date.now() - dayMilliseconds)
    return null;
  const name = quotaNames.find((one) => refusedFor.endsWith(one));
  const bound = name === undefined ? words.quotaOfDisk : words.quotaNames[name];
  return (
    <p class="notice bad" role="status">
      {words.quotaRefused(bound, ageText(words, refusedAt), refusedFor.startsWith('account'))}
    </p>
  );
}

const dayMilliseconds = 24 * 3_600_000;

interface QuotaFormProps<Name extends QuotaName> {
  readonly visit: Visit;
  readonly action: string;
  readonly view: QuotaView<Name>;
  readonly names: readonly Name[];
  readonly problem: ProblemText | null;
  readonly zone?: string;
}

function QuotaForm<Name extends QuotaName>(props: QuotaFormProps<Name>): VNode {
  const { visit, action, view, names, problem, zone } = props;
  const { words, csrf, caller } = visit;
  const canEdit = isAdmin(caller);
  return (
    <ActionForm action={action} csrf={csrf} class="stack">
      <ProblemNote problem={problem} />
      <input type="hidden" name="revision" value={view.revision} />
      <Table
        label={words.quotas}
        fit="stacks"
        columns={[words.quota, words.quotaUsed, words.quotaLimit, words.quotaOwn]}
      >
        {names.map((name) => (
          <QuotaRow words={words} name={name} bound={view.bounds[name]} canEdit={canEdit} />
        ))}
      </Table>
      {view.dayEndsAt !== null && (
        <p class="soft">
          {words.quotaDayEnds} <Moment words={words} at={view.dayEndsAt} zone={zone} />
        </p>
      )}
      {canEdit && <p class="soft">{words.quotaOwnHint}</p>}
      {canEdit && <button class="button">{words.save}</button>}
    </ActionForm>
  );
}

interface QuotaRowProps {
  readonly words: Words;
  readonly name: QuotaName;
  readonly bound: BoundView;
  readonly canEdit: boolean;
}

function QuotaRow({ words, name, bound: { limit, own, used }, canEdit }: QuotaRowProps): VNode {
  const text = (value: number | null) => {
    if (value === null) return '–';
    return isByteQuota(name) ? bytesText(words, value) : numberText(words, value);
  };
  return (
    <tr>
      <th scope="row">{words.quotaNames[name]}</th>
      <td>{text(used)}</td>
      <td>{limit === null ? words.quotaNone : text(limit)}</td>
      <td>
        {canEdit ? (
          <input
            name={name}
            type="number"
            min={1}
            max={mostOfQuota(name)}
            value={own ?? ''}
            aria-label={`${words.quotaOwn}${words.colon}${words.quotaNames[name]}`}
          />
        ) : (
          text(own)
        )}
      </td>
    </tr>
  );
}
