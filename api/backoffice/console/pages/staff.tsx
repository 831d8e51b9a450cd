import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { passwordLength, roles } from '../../../../shared/domain/staff';
import type { Account } from '../../../../shared/stores/solutions/account-store';
import type { User } from '../../../../shared/stores/staff/user-store';
import { decode } from '../../../http/decode';
import { chosenPassword, idOf, pageOfQuery, pageQuery, pathId, textOf } from '../../http/request-fields';
import type { AccountService } from '../../services/accounts';
import type { SecondFactorService } from '../../services/second-factor';
import type { UserService } from '../../services/users';
import { blankless, listOf, tickedAfter, touchedTexts, touchedTick } from '../form-input';
import { Page } from '../layout';
import {
  ActionForm,
  Badge,
  Card,
  Empty,
  Field,
  NewPasswordInput,
  Pager,
  ProblemNote,
  Select,
  Table,
} from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';

interface Services {
  readonly users: Pick<UserService, 'list' | 'get' | 'create' | 'update'>;
  readonly accounts: Pick<AccountService, 'list'>;
  readonly secondFactor: Pick<SecondFactorService, 'turnOffOf'>;
}

const query = pageQuery(idOf);
const newUser = z.object({ email: textOf(320), password: chosenPassword, role: z.enum(roles) });
const userEdit = z.object({
  role: z.enum(roles).optional(),
  password: chosenPassword.optional(),
});

/** Users. Only for admins. */
export function createStaffPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/users',
    visiting.page((visit, request) => showUsers(visit, request, null)),
  );

  router.post(
    '/users',
    visiting.form(
      async (caller, request) => {
        const input = decode(newUser, blankless(request.body));
        const accountIds = accountIdsOf(request);
        await services.users.create(caller, { ...input, accountIds, mustChangePassword: true });
        return '/users?done=saved';
      },
      (visit, request, problem) => showUsers(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/users/:id',
    visiting.page((visit, request) => showUser(visit, request, null)),
  );

  router.post(
    '/users/:id',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'user');
        const edit = decode(userEdit, blankless(touchedTexts(request.body)));
        const { accountIds: before } = await services.users.get(caller, id);
        const accounts = tickedAfter(request.body, 'account', before.map(String));
        await services.users.update(caller, id, {
          ...edit,
          ...(edit.password === undefined ? {} : { mustChangePassword: true }),
          accountIds: accounts.map((text) => decode(idOf, text)),
          isDisabled: touchedTick(request.body, 'isDisabled'),
        });
        return '/users?done=saved';
      },
      (visit, request, problem) => showUser(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/users/:id/second-factor/off',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'user');
      await services.secondFactor.turnOffOf(caller, id);
      return `/users/${id}?done=second-factor-off`;
    }),
  );

  return router;

  async function showUsers(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const users = await services.users.list(
      visit.caller,
      pageOfQuery(decode(query, blankless(request.query))),
    );
    return usersPage(visit, users, await allAccounts(visit), problem);
  }

  async function showUser(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const id = pathId(request, 'user');
    const { items } = await services.users.list(visit.caller, { limit: 1, after: id - 1 });
    const user = items.find((one) => one.id === id);
    return userPage(visit, user ?? null, await allAccounts(visit), problem);
  }

  async function allAccounts({ caller }: Visit): Promise<readonly Account[]> {
    return (await services.accounts.list(caller, { limit: 1_000, after: null })).items;
  }
}

const accountIdsOf = (request: Request) => listOf(request.body, 'account').map((text) => decode(idOf, text));

function usersPage(
  visit: Visit,
  { items, next }: ListPage<User>,
  accounts: readonly Account[],
  problem: ProblemText | null,
): VNode {
  const { words, csrf } = visit;
  const names = new Map(accounts.map(({ id, name }) => [id, name]));
  return (
    <Page visit={visit} title={words.users} subtitle={words.usersMeaning}>
      <div class="columns wide-left">
        <div class="stack">
          <Table
            label={words.users}
            fit="stacks"
            columns={[words.email, words.role, words.accounts, words.secondFactor, words.state]}
          >
            {items.map((user) => (
              <tr>
                <th scope="row">
                  <a href={`/users/${user.id}`}>{user.email}</a>
                </th>
                <td>{words.roles[user.role]}</td>
                <td class="wrap">
                  {user.role === 'admin'
                    ? words.allAccounts
                    : user.accountIds.map((id) => names.get(id) ?? id).join(', ') || '–'}
                </td>
                <td>{user.hasSecondFactor ? words.turnedOn : '–'}</td>
                <td>
                  <Badge tone={user.isDisabled ? 'calm' : 'good'}>
                    {user.isDisabled ? words.disabled : words.active}
                  </Badge>
                </td>
              </tr>
            ))}
          </Table>
          <Pager words={words} base="/users" next={next} />
        </div>
        <Card title={words.addUser}>
          <ActionForm action="/users" csrf={csrf} class="stack">
            <ProblemNote problem={problem} />
            <Field label={words.email}>
              <input name="email" required maxLength={320} inputMode="email" />
            </Field>
            <Field
              label={words.password}
              hint={`${words.passwordHint(passwordLength.least)} ${words.firstPasswordHint}`}
            >
              <NewPasswordInput name="password" isRequired />
            </Field>
            <RoleField words={words} role="viewer" />
            <AccountBoxes words={words} accounts={accounts} ticked={[]} />
            <button class="button">{words.addUser}</button>
          </ActionForm>
        </Card>
      </div>
    </Page>
  );
}

function userPage(
  visit: Visit,
  user: User | null,
  accounts: readonly Account[],
  problem: ProblemText | null,
): VNode {
  const { words, csrf } = visit;
  const trail = [{ href: '/users', text: words.users }];
  if (user === null) {
    return (
      <Page visit={visit} title={words.errors.absent} trail={trail}>
        <Empty title={words.errors.absentAdvice} />
      </Page>
    );
  }
  return (
    <Page visit={visit} title={user.email} trail={trail}>
      <ActionForm action={`/users/${user.id}`} csrf={csrf} class="card narrow stack">
        <ProblemNote problem={problem} />
        <RoleField words={words} role={user.role} />
        <AccountBoxes words={words} accounts={accounts} ticked={user.accountIds} />
        <Field label={words.newPassword} hint={words.newPasswordHint}>
          <NewPasswordInput name="password" isRequired={false} />
        </Field>
        <label class="box">
          <input type="checkbox" name="isDisabled" value="yes" checked={user.isDisabled} />{' '}
          {words.mayNotSignIn}
        </label>
        <button class="button">{words.save}</button>
      </ActionForm>
      {user.hasSecondFactor && (
        <ActionForm action={`/users/${user.id}/second-factor/off`} csrf={csrf} class="card narrow stack">
          <p>{words.removeSecondFactorMeaning}</p>
          <button class="button danger">{words.removeSecondFactor}</button>
        </ActionForm>
      )}
    </Page>
  );
}

const RoleField = ({ words, role }: { words: Words; role: string }): VNode => (
  <Field label={words.role}>
    <Select name="role" value={role} options={roles.map((one) => [one, words.roleMeanings[one]] as const)} />
  </Field>
);

const AccountBoxes = ({
  words,
  accounts,
  ticked,
}: {
  words: Words;
  accounts: readonly Account[];
  ticked: readonly number[];
}): VNode => (
  <fieldset class="boxes">
    <legend class="field-label">{words.accounts}</legend>
    {accounts.length === 0 && <p class="soft">{words.noAccounts}</p>}
    {accounts.map(({ id, name }) => (
      <label class="box">
        <input type="checkbox" name="account" value={id} checked={ticked.includes(id)} /> {name}
      </label>
    ))}
  </fieldset>
);
