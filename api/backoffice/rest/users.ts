import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import { roles } from '../../../shared/domain/staff';
import { revisionOf } from '../../../shared/formats/revision';
import type { User } from '../../../shared/stores/staff/user-store';
import { instant, json, jsonBody, pageOf } from '../../http/operation';
import { reply, type Route } from '../../http/route';
import type { UserService } from '../services/users';
import { etagHeader, ifRevision } from './if-match';
import { chosenPassword, idOf, idParameter, pageOfQuery, pageQuery, textOf } from '../http/request-fields';
import { staffRoute } from './staff-route';

const email = textOf(320).meta({ examples: ['claire@example.org'] });
const role = z.enum(roles).meta({
  description:
    'admin: may do everything. manager: edits and sets flags for its accounts. viewer: reads them.',
  examples: ['manager'],
});
const accounts = z
  .array(idOf)
  .max(10_000)
  .meta({
    description: 'Ids of the accounts whose solutions the user sees. An admin sees all.',
    examples: [['3']],
  });
const mustChangePassword = z.boolean().meta({
  description: 'True: the console asks for another password at the next sign-in; programs may go on.',
  examples: [false],
});
const newUser = z.strictObject({
  email,
  password: chosenPassword,
  mustChangePassword: mustChangePassword.default(false),
  role,
  accounts: accounts.default([]),
});
const edit = z.strictObject({
  password: chosenPassword.optional().meta({ description: "A new one ends the user's sessions." }),
  mustChangePassword: mustChangePassword
    .optional()
    .meta({ description: 'This applies to the new password.' }),
  role: role.optional(),
  accounts: accounts.optional(),
  disabled: z.boolean().optional().meta({ description: "True ends the user's sessions." }),
});
const user = z
  .object({
    id: z.string().meta({ examples: ['7'] }),
    email: z.string().meta({ examples: ['claire@example.org'] }),
    role,
    accounts: z.array(z.string()).meta({ examples: [['3']] }),
    disabled: z.boolean(),
    mustChangePassword,
    hasSecondFactor: z.boolean().meta({ examples: [true] }),
    createdAt: instant,
  })
  .meta({ id: 'User' });

export const createUserRoutes = (users: UserService): Route[] => [
  staffRoute({
    method: 'get',
    path: '/api/users',
    id: 'listUsers',
    tag: 'Users',
    summary: 'Lists the staff',
    access: 'admin',
    query: pageQuery(idOf),
    answers: { 200: json('A page of users.', pageOf(user)) },
    async handle({ caller, query }) {
      return reply(200, mapPage(await users.list(caller, pageOfQuery(query)), userJson));
    },
  }),
  staffRoute({
    method: 'post',
    path: '/api/users',
    id: 'createUser',
    tag: 'Users',
    summary: 'Adds a user',
    access: 'admin',
    body: jsonBody(newUser),
    answers: { 201: json('The user.', user) },
    problems: { 409: ['already-exists'], 422: ['invalid-fields'] },
    async handle({ caller, body: { accounts: accountIds, ...input } }) {
      return reply(201, userJson(await users.create(caller, { ...input, accountIds })));
    },
  }),
  staffRoute({
    method: 'get',
    path: '/api/users/{id}',
    id: 'getUser',
    tag: 'Users',
    summary: 'Returns a user',
    access: 'admin',
    params: { id: idParameter('user') },
    answers: { 200: json('The user.', user, etagHeader) },
    async handle({ caller, params }) {
      return userReply(await users.get(caller, params.id));
    },
  }),
  staffRoute({
    method: 'patch',
    path: '/api/users/{id}',
    id: 'updateUser',
    tag: 'Users',
    summary: 'Changes a user',
    description:
      'Absent members stay as they are. At least one user who can sign in as an admin must remain.',
    access: 'admin',
    params: { id: idParameter('user') },
    headers: ifRevision,
    body: jsonBody(edit),
    answers: { 200: json('The user.', user, etagHeader) },
    problems: { 409: ['last-admin'], 412: ['stale'], 422: ['invalid-fields'] },
    async handle({
      caller,
      params,
      headers,
      body: { accounts: accountIds, disabled: isDisabled, ...others },
    }) {
      const changes = { ...others, accountIds, isDisabled };
      return userReply(await users.update(caller, params.id, changes, headers['if-match'] ?? null));
    },
  }),
];

const userReply = (user: User) => reply(200, userJson(user), { ETag: `"${revisionOf(user)}"` });

const userJson = ({ id, accountIds, isDisabled, ...others }: User) => ({
  id: String(id),
  ...others,
  accounts: accountIds.map(String),
  disabled: isDisabled,
});
