import type { VNode } from 'preact';
import type { AppError } from '../../../../shared/errors/app-error';
import type { SignInMethod } from '../../../../shared/stores/staff/session-store';
import type { OidcButton } from '../../oidc/routes';
import { Page } from '../layout';
import { Field, ProblemNote } from '../parts';
import type { Visit } from '../visit';

/** The field of the password by which someone proves once more who they are. */
export const proofField = '_proof';

interface ProofState {
  /** The path to which the earlier form was sent. */
  readonly action: string;
  /** The values that were entered in it. */
  readonly fields: readonly (readonly [string, string])[];
  readonly problem: AppError | null;
  readonly method: SignInMethod;
}

/**
 * Asks for the password again before keys, roles and secrets are changed. What was entered is sent along with the
 * answer.
 */
export const proofPage = (visit: Visit, state: ProofState, oidc: OidcButton | null): VNode => {
  const { words, caller } = visit;
  return (
    <Page visit={visit} title={words.proveAgain}>
      <section class="card narrow stack">
        <p>{words.proveAgainMeaning}</p>
        {state.method === 'oidc' && oidc !== null ? (
          <p>
            <a class="button" href={`${oidc.path}?return=/me`}>
              {words.signInWith(oidc.label)}
            </a>
          </p>
        ) : (
          <form method="post" action={state.action} class="stack">
            <ProblemNote problem={problemText(visit, state.problem)} />
            {state.fields.map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            <Field label={words.passwordOf(caller.email)}>
              <input name={proofField} type="password" autocomplete="current-password" required autofocus />
            </Field>
            <button class="button">{words.goOn}</button>
          </form>
        )}
      </section>
    </Page>
  );
};

function problemText({ words }: Visit, problem: AppError | null): string | null {
  if (problem === null) return null;
  if (problem.kind === 'too-many') return words.tooManyAttempts;
  return problem.kind === 'unauthenticated' ? words.wrongCurrentPassword : words.failed;
}
