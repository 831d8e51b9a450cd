import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { bigIdOf, chosenPassword, givenPassword } from '../../http/request-fields';
import { decode } from '../../../http/decode';
import { passwordLength } from '../../../../shared/domain/staff';
import type { OpenSession } from '../../../../shared/stores/staff/session-store';
import { AppError } from '../../../../shared/errors/app-error';
import { invalidFields } from '../../../../shared/errors/catalog';
import { tokenOf } from '../../http/authentication';
import type { SessionService } from '../../services/session';
import { Page } from '../layout';
import { ActionForm, Badge, Card, Field, Moment, NewPasswordInput, ProblemNote, Table } from '../parts';
import { type Told, toldOf } from '../told';
import type { Visit, Visiting } from '../visit';

interface Services {
  readonly sessions: Pick<SessionService, 'listOwn' | 'endOwn' | 'changePassword'>;
}

const passwordChange = z.object({ current: givenPassword, next: chosenPassword });
const ended = z.object({ session: bigIdOf });

/** What is one's own: the password, and where one is signed in. */
export function createMyPageRoutes({ sessions }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/me',
    visiting.page(async (visit, request) =>
      myPage(visit, await sessions.listOwn(visit.caller, tokenOf(request)), null),
    ),
  );

  router.post(
    '/me/password',
    visiting.form(
      async (caller, request) => {
        const change = { ...decode(passwordChange, request.body), token: tokenOf(request) };
        await sessions.changePassword(caller, change).catch(asInput);
        return '/me?done=saved';
      },
      async (visit, request, problem) =>
        myPage(visit, await sessions.listOwn(visit.caller, tokenOf(request)), wordsOf(visit, problem)),
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

/** Whoever mistypes the current password is still signed in: it is the form that is wrong. */
function asInput(error: unknown): never {
  if (error instanceof AppError && error.kind === 'unauthenticated') {
    throw invalidFields([{ field: currentPassword, fault: { code: 'wrong-password' } }]);
  }
  throw error;
}

const currentPassword = 'current';

const wordsOf = ({ words }: Visit, problem: AppError): Told =>
  problem.kind === 'unprocessable' ? words.wrongCurrentPassword : toldOf(words, problem);

function myPage(visit: Visit, sessions: readonly OpenSession[], problem: Told | null): VNode {
  const { words, csrf, caller } = visit;
  return (
    <Page visit={visit} title={words.myAccount} subtitle={`${caller.email} · ${words.roles[caller.role]}`}>
      <div class="columns wide-left">
        <Card title={words.mySessions}>
          <Table label={words.mySessions} columns={[words.from, words.signIn, words.lastUsed, words.state]}>
            {sessions.map((session) => (
              <SessionRow visit={visit} session={session} />
            ))}
          </Table>
        </Card>
        <Card title={words.changePassword}>
          <ActionForm action="/me/password" csrf={csrf} class="stack">
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
      </div>
    </Page>
  );
}

function SessionRow({ visit, session }: { visit: Visit; session: OpenSession }): VNode {
  const { words, csrf } = visit;
  return (
    <tr>
      <th scope="row" class="wrap">
        {session.address ?? '–'}
        {session.userAgent !== null && <span class="soft"> {session.userAgent.slice(0, 80)}</span>}
      </th>
      <td>{words.signInMethods[session.method]}</td>
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
