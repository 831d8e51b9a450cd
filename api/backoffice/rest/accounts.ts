import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Account } from '../../../shared/stores/account-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { AccountService } from '../services/accounts';
import { idOf, pageOfQuery, pageQuery, textOf } from './parameters';
import { staffRoute } from './staff-route';

const newAccount = z.strictObject({ name: textOf(200).meta({ examples: ['Restaurants Martin'] }) });
const account = z
  .object({
    id: z.string().meta({ examples: ['3'] }),
    name: z.string().meta({ examples: ['Restaurants Martin'] }),
    createdAt: instant,
  })
  .meta({ id: 'Account', description: 'A customer. A user sees only the accounts that it was given.' });

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
];

const accountJson = ({ id, name, createdAt }: Account) => ({ id: String(id), name, createdAt });
