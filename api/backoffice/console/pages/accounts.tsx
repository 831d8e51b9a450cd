import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { type Retention, retentionLimits } from '../../../../shared/domain/retention';
import type { Account } from '../../../../shared/stores/solutions/account-store';
import { decode } from '../../../http/decode';
import { idOf, pageOfQuery, pageQuery, pathId, textOf } from '../../http/request-fields';
import type { AccountService } from '../../services/accounts';
import { blankless, touchedTexts } from '../form-input';
import { Page } from '../layout';
import { ActionForm, Card, Empty, Field, Moment, Pager, ProblemNote, Table } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';

interface Services {
  readonly accounts: AccountService;
}

const query = pageQuery(idOf);
const newAccount = z.object({ name: textOf(200) });
/** An empty field means the usual number of days. */
const days = z
  .union([
    z.literal('').transform(() => null),
    z.coerce.number().int().min(retentionLimits.least).max(retentionLimits.most),
  ])
  .optional();
const retentionForm = z.object({ fileDays: days, readingDays: days });

/** Accounts and how long their data is kept. Only for admins. */
export function createAccountPageRoutes({ accounts }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/accounts',
    visiting.page((visit, request) => showAccounts(visit, request, null)),
  );

  router.post(
    '/accounts',
    visiting.form(
      async (caller, request) => {
        await accounts.create(caller, decode(newAccount, request.body).name);
        return '/accounts?done=saved';
      },
      (visit, request, problem) => showAccounts(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/accounts/:id',
    visiting.page((visit, request) => showAccount(visit, request, null)),
  );

  router.post(
    '/accounts/:id',
    visiting.form(
      async (caller, request) => {
        const change = decode(retentionForm, touchedTexts(request.body));
        await accounts.changeRetention(caller, pathId(request, 'account'), change);
        return '/accounts?done=saved';
      },
      (visit, request, problem) => showAccount(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  return router;

  async function showAccounts(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const page = pageOfQuery(decode(query, blankless(request.query)));
    return accountsPage(visit, await accounts.list(visit.caller, page), problem);
  }

  async function showAccount(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    return accountPage(visit, await accounts.get(visit.caller, pathId(request, 'account')), problem);
  }
}

function accountsPage(visit: Visit, { items, next }: ListPage<Account>, problem: ProblemText | null): VNode {
  const { words, csrf } = visit;
  return (
    <Page visit={visit} title={words.accounts} subtitle={words.accountsMeaning}>
      <div class="columns wide-left">
        <div class="stack">
          {items.length === 0 ? (
            <Empty title={words.noAccounts} />
          ) : (
            <Table label={words.accounts} columns={[words.name, words.retention, words.created]}>
              {items.map(({ id, name, retention, createdAt }) => (
                <tr>
                  <th scope="row">
                    <a href={`/solutions?account=${id}`}>{name}</a>
                  </th>
                  <td class="wrap">
                    <a href={`/accounts/${id}`}>{retentionText(words, retention)}</a>
                  </td>
                  <td class="soft">
                    <Moment words={words} at={createdAt} />
                  </td>
                </tr>
              ))}
            </Table>
          )}
          <Pager words={words} base="/accounts" next={next} />
        </div>
        <Card title={words.addAccount}>
          <ActionForm action="/accounts" csrf={csrf} class="stack">
            <ProblemNote problem={problem} />
            <Field label={words.name}>
              <input name="name" required maxLength={200} />
            </Field>
            <button class="button">{words.addAccount}</button>
          </ActionForm>
        </Card>
      </div>
    </Page>
  );
}

const retentionText = (words: Words, { fileDays, readingDays }: Retention): string =>
  `${words.filesKept(fileDays)}, ${words.readingsKept(readingDays)}`;

function accountPage(visit: Visit, { id, name, retention }: Account, problem: ProblemText | null): VNode {
  const { words, csrf } = visit;
  return (
    <Page
      visit={visit}
      title={name}
      subtitle={words.retention}
      trail={[{ href: '/accounts', text: words.accounts }]}
    >
      <ActionForm action={`/accounts/${id}`} csrf={csrf} class="card narrow stack">
        <ProblemNote problem={problem} />
        <Field label={words.fileDays} hint={words.fileDaysHint}>
          <DaysInput name="fileDays" days={retention.fileDays} />
        </Field>
        <Field label={words.readingDays} hint={words.readingDaysHint}>
          <DaysInput name="readingDays" days={retention.readingDays} />
        </Field>
        <button class="button" data-confirm={words.confirmRetention}>
          {words.save}
        </button>
      </ActionForm>
      <p>
        <a href={`/accounts/${id}/quotas`}>{words.quotas}</a>
      </p>
    </Page>
  );
}

const DaysInput = ({ name, days }: { name: keyof Retention; days: number | null }): VNode => (
  <input
    name={name}
    type="number"
    min={retentionLimits.least}
    max={retentionLimits.most}
    value={days ?? ''}
  />
);
