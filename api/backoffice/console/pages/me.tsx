import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { bigIdOf, chosenPassword, givenPassword } from '../../http/request-fields';
import { decode } from '../../../http/decode';
import { passwordLength } from '../../../../shared/domain/staff';
import type { OpenSession } from '../../../../shared/stores/staff/session-store';
import { AppError, InvalidFields } from '../../../../shared/errors/app-error';
import { invalidFields } from '../../../../shared/errors/catalog';
import { dutyOf, tokenOf } from '../../http/authentication';
import type { SecondFactorService, SecondFactorState } from '../../services/second-factor';
import type { SessionService } from '../../services/session';
import type { SignInService } from '../../services/sign-in';
import { Page } from '../layout';
import { ActionForm, Badge, Card, Field, Moment, NewPasswordInput, ProblemNote, Table } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import { secondFactorPath } from './second-factor';

interface Services {
  readonly sessions: Pick<SessionService, 'listOwn' | 'endOwn'>;
  readonly signIn: Pick<SignInService, 'changePassword'>;
  readonly secondFactor: Pick<SecondFactorService, 'state'>;
}

const passwordChange = z.object({ current: givenPassword, next: chosenPassword });
const ended = z.object({ session: bigIdOf });

/** The user's own account: password, second factor and sessions. */
export function createMyPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();
  const { sessions, signIn } = services;

  router.get(
    '/me',
    visiting.page(async (visit, request) => myPage(visit, await look(services, visit, request), null)),
  );

  router.post(
    '/me/password',
    visiting.form(
      async (caller, request) => {
        const change = { ...decode(passwordChange, request.body), token: tokenOf(request) };
        await signIn.changePassword(caller, change).catch(asInput);
        return '/me?done=saved';
      },
      async (visit, request, problem) =>
        myPage(visit, await look(services, visit, request), wordsOf(visit, problem)),
    ),
  );

  router.post(
    '/me/sessions',
    visiting.form(async (caller, request) => {
      await sessions.endOwn(caller, decode(ended, request.body).session);
      return '/me?done=session-ended';
    }),
  );

  return router;
}

/** A wrong current password is a fault of the form. The user stays signed in. */
function asInput(error: unknown): never {
  if (error instanceof AppError && error.kind === 'unauthenticated') {
    throw invalidFields([{ field: currentPassword, fault: { code: 'wrong-password' } }]);
  }
  throw error;
}

const currentPassword = 'current';

const wordsOf = ({ words }: Visit, problem: AppError): ProblemText =>
  problem instanceof InvalidFields && problem.problems.some(({ field }) => field === currentPassword)
    ? words.wrongCurrentPassword
    : problemTextOf(words, problem);

interface MyAccount {
  readonly sessions: readonly OpenSession[];
  readonly factor: SecondFactorState;
  readonly isPasswordFirst: boolean;
}

const look = async (
  { sessions, secondFactor }: Services,
  { caller }: Visit,
  request: Request,
): Promise<MyAccount> => ({
  sessions: await sessions.listOwn(caller, tokenOf(request)),
  factor: await secondFactor.state(caller),
  isPasswordFirst: dutyOf(request) === 'change-password',
});

function myPage(visit: Visit, account: MyAccount, problem: ProblemText | null): VNode {
  const { words, caller } = visit;
  const { sessions, factor, isPasswordFirst } = account;
  return (
    <Page visit={visit} title={words.myAccount} subtitle={`${caller.email} · ${words.roles[caller.role]}`}>
      {isPasswordFirst ? (
        // Until then, nothing else can be done.
        <PasswordCard visit={visit} problem={problem} isPasswordFirst />
      ) : (
        <div class="columns wide-left">
          <Card title={words.mySessions}>
            <Table label={words.mySessions} fit="stacks" columns={[words.from, words.lastUsed, words.state]}>
              {sessions.map((session) => (
                <SessionRow visit={visit} session={session} />
              ))}
            </Table>
          </Card>
          <div class="stack">
            <PasswordCard visit={visit} problem={problem} isPasswordFirst={false} />
            <SecondFactorCard visit={visit} factor={factor} />
          </div>
        </div>
      )}
    </Page>
  );
}

interface PasswordCardProps {
  readonly visit: Visit;
  readonly problem: ProblemText | null;
  readonly isPasswordFirst: boolean;
}

const PasswordCard = ({ visit: { words, csrf }, problem, isPasswordFirst }: PasswordCardProps): VNode => (
  <Card title={words.changePassword} {...(isPasswordFirst ? { class: 'narrow' } : {})}>
    <ActionForm action="/me/password" csrf={csrf} class="stack">
      {isPasswordFirst && <p class="notice busy">{words.firstPassword}</p>}
      <ProblemNote problem={problem} />
      <Field label={words.currentPassword}>
        <input name={currentPassword} type="password" required autocomplete="current-password" />
      </Field>
      <Field
        label={words.newPassword}
        hint={`${words.passwordHint(passwordLength.least)} ${words.changePasswordMeaning}`}
      >
        <NewPasswordInput name="next" isRequired />
      </Field>
      <button class="button">{words.changePassword}</button>
    </ActionForm>
  </Card>
);

function SecondFactorCard({ visit, factor }: { visit: Visit; factor: SecondFactorState }): VNode {
  const { words, csrf } = visit;
  if (factor.since === null) {
    return (
      <Card title={words.secondFactor}>
        <p>{words.secondFactorMeaning}</p>
        <p>
          <a class="button quiet" href={secondFactorPath}>
            {words.setUpSecondFactor}
          </a>
        </p>
      </Card>
    );
  }
  return (
    <Card title={words.secondFactor} aside={<Badge tone="good">{words.turnedOn}</Badge>}>
      <p class="soft">
        {words.since} <Moment words={words} at={factor.since} /> ·{' '}
        {words.recoveryCodesLeft(factor.recoveryCodesLeft)}
      </p>
      <ActionForm action={`${secondFactorPath}/off`} csrf={csrf} class="stack">
        <Field label={words.codeOfApp} hint={words.codeHint}>
          <input name="code" required autocomplete="one-time-code" maxLength={64} />
        </Field>
        <button class="button quiet">{words.turnOff}</button>
      </ActionForm>
    </Card>
  );
}

function SessionRow({ visit, session }: { visit: Visit; session: OpenSession }): VNode {
  const { words, csrf } = visit;
  return (
    <tr>
      <th scope="row" class="wrap">
        {session.address ?? '–'}
        <span class="under">{words.signInMethods[session.method]}</span>
        {session.userAgent !== null && <span class="under">{session.userAgent.slice(0, 80)}</span>}
      </th>
      <td>
        <Moment words={words} at={session.seenAt} />
      </td>
      <td>
        {session.isCurrent ? (
          <Badge tone="good">{words.thisSession}</Badge>
        ) : (
          <ActionForm action="/me/sessions" csrf={csrf}>
            <button class="button quiet" name="session" value={session.id}>
              {words.endSession}
            </button>
          </ActionForm>
        )}
      </td>
    </tr>
  );
}
