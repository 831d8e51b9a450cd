import type { VNode } from 'preact';
import type { OidcButton } from '../../oidc/routes';
import { Brand, PlainPage } from '../layout';
import { Field, ProblemNote } from '../parts';
import type { PasswordSignIn } from '../../../../shared/domain/sign-in-rules';
import type { Words } from '../words';

export interface SignInState {
  /** The problem of the last attempt. Null: there was none. */
  readonly problem: string | null;
  /** As it was typed. */
  readonly email: string;
  /** Where to go after it: a path of ours. */
  readonly next: string;
}

export interface CodeState {
  readonly problem: string | null;
  /** The token of the first step, given for the right password. */
  readonly step: string;
  readonly next: string;
}

export interface SignInWays {
  readonly oidc: OidcButton | null;
  readonly passwords: PasswordSignIn;
}

/** What this server is, and the sign-in form. The state of the server is not shown to strangers. */
export const signInPage = (words: Words, state: SignInState, { oidc, passwords }: SignInWays): VNode => (
  <PlainPage words={words} title={words.signIn}>
    <div class="door">
      <Brand />
      <h1>{words.title}</h1>
      <p class="soft">{words.about}</p>
      <section class="card">
        <ProblemNote problem={state.problem} />
        {leadsToKeptForm(state.next) && (
          <p class="notice busy" role="status">
            {words.formIsKept}
          </p>
        )}
        {passwords === 'yes' && <PasswordForm words={words} state={state} />}
        {passwords === 'break-glass' && (
          <details open={state.email !== ''}>
            <summary>{words.breakGlass}</summary>
            <PasswordForm words={words} state={state} />
          </details>
        )}
        {oidc !== null && (
          <p class="or">
            <a class="button quiet wide" href={`${oidc.path}?return=${encodeURIComponent(state.next)}`}>
              {words.signInWith(oidc.label)}
            </a>
          </p>
        )}
      </section>
    </div>
  </PlainPage>
);

/** The session ended while a form was being filled in. */
const leadsToKeptForm = (next: string) => /[?&]kept=/.test(next);

const PasswordForm = ({ words, state }: { words: Words; state: SignInState }): VNode => (
  <form method="post" action="/sign-in" class="stack">
    <input type="hidden" name="next" value={state.next} />
    <Field label={words.email}>
      <input name="email" type="text" autocomplete="username" required value={state.email} autofocus />
    </Field>
    <Field label={words.password}>
      <input name="password" type="password" autocomplete="current-password" required />
    </Field>
    <button class="button wide">{words.signIn}</button>
  </form>
);

/** The second step, where the account has a second factor. */
export const codePage = (words: Words, { problem, step, next }: CodeState): VNode => (
  <PlainPage words={words} title={words.signIn}>
    <div class="door">
      <Brand />
      <h1>{words.secondFactor}</h1>
      <section class="card">
        <form method="post" action="/sign-in/code" class="stack">
          <ProblemNote problem={problem} />
          <input type="hidden" name="step" value={step} />
          <input type="hidden" name="next" value={next} />
          <Field label={words.codeOfApp} hint={words.codeHint}>
            <input name="code" required autocomplete="one-time-code" maxLength={64} autofocus />
          </Field>
          <button class="button wide">{words.signIn}</button>
        </form>
        <p class="or">
          <a href="/">{words.beginAgain}</a>
        </p>
      </section>
    </div>
  </PlainPage>
);
