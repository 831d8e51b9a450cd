import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { retentionLimits } from '../../../shared/domain/retention';
import { revisionOf } from '../../../shared/formats/revision';
import type { Account } from '../../../shared/stores/solutions/account-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { AccountService } from '../services/accounts';
import { etagHeader, ifRevision } from './if-match';
import { idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const newAccount = z.strictObject({ name: textOf(200).meta({ examples: ['Restaurants Martin'] }) });
const days = z.number().int().min(retentionLimits.least).max(retentionLimits.most).nullable();
const fileDays = days.meta({
  description:
    'How many days uploads and packages are kept, counted from their receipt. Null: as configured for all accounts.',
  examples: [14],
});
const readingDays = days.meta({
  description:
    'How many days readings are kept, counted from the time of measurement; older ones are removed for good. Null: they are kept for ever.',
  examples: [1825],
});
const edit = z.strictObject({
  retention: z
    .strictObject({ fileDays: fileDays.optional(), readingDays: readingDays.optional() })
    .optional(),
});
const account = z
  .object({
    id: z.string().meta({ examples: ['3'] }),
    name: z.string().meta({ examples: ['Restaurants Martin'] }),
    retention: z.object({ fileDays, readingDays }).meta({ description: 'How many days its data is kept.' }),
    createdAt: instant,
  })
  .meta({ id: 'Account', description: 'A customer. A user sees only their own accounts.' });

export const createAccountRoutes = (accounts: AccountService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/accounts',
    id: 'listAccounts',
    tag: 'Accounts',
    summary: 'Lists the accounts',
    access: 'admin',
    query: pageQuery(idOf),
    answers: { 200: json('A page of accounts.', pageOf(account)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await accounts.list(caller, pageOfQuery(query)), accountJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/accounts',
    id: 'createAccount',
    tag: 'Accounts',
    summary: 'Adds an account',
    access: 'admin',
    body: jsonBody(newAccount),
    answers: { 201: json('The account.', account) },
    problems: { 409: ['already-exists'] },
    async handle({ caller, body }) {
      return reply(201, accountJson(await accounts.create(caller, body.name)));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/accounts/{id}',
    id: 'getAccount',
    tag: 'Accounts',
    summary: 'Returns an account',
    access: 'admin',
    params: { id: idParameter('account') },
    answers: { 200: json('The account.', account, etagHeader) },
    async handle({ caller, params }) {
      return accountReply(await accounts.get(caller, params.id));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/accounts/{id}',
    id: 'updateAccount',
    tag: 'Accounts',
    summary: 'Changes how long the data of an account is kept',
    description: 'Absent members stay as they are.',
    access: 'admin',
    params: { id: idParameter('account') },
    headers: ifRevision,
    body: jsonBody(edit),
    answers: { 200: json('The account.', account, etagHeader) },
    problems: { 412: ['stale'] },
    async handle({ caller, params, headers, body: { retention = {} } }) {
      const ifMatch = headers['if-match'] ?? null;
      return accountReply(await accounts.changeRetention(caller, params.id, retention, ifMatch));
    },
  }),
];

const accountReply = (account: Account) =>
  reply(200, accountJson(account), { ETag: `"${revisionOf(account)}"` });

const accountJson = ({ id, ...others }: Account) => ({ id: String(id), ...others });
