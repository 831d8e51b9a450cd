import type { VNode } from 'preact';
import type { Health } from '../../../ops/health';
import type { OidcButton } from '../../oidc/routes';
import { Brand, PlainPage } from '../layout';
import { Badge, Field, ProblemNote } from '../parts';
import type { Words } from '../words';

export interface SignInState {
  /** What went wrong; null: nothing. */
  readonly problem: string | null;
  /** As it was typed. */
  readonly email: string;
  /** Where to go after it: a path of ours. */
  readonly next: string;
}

/** What this server is, how it is, and the way in. */
export const signInPage = (
  words: Words,
  health: Health,
  state: SignInState,
  oidc: OidcButton | null,
): VNode => (
  <PlainPage words={words} title={words.signIn}>
    <div class="door">
      <Brand />
      <h1>{words.title}</h1>
      <p class="soft">{words.about}</p>
      <section class="card">
        <form method="post" action="/sign-in" class="stack">
          <ProblemNote problem={state.problem} />
          {leadsToKeptForm(state.next) && (
            <p class="notice busy" role="status">
              {words.formIsKept}
            </p>
          )}
          <input type="hidden" name="next" value={state.next} />
          <Field label={words.email}>
            <input name="email" type="text" autocomplete="username" required value={state.email} autofocus />
          </Field>
          <Field label={words.password}>
            <input name="password" type="password" autocomplete="current-password" required />
          </Field>
          <button class="button wide">{words.signIn}</button>
        </form>
        {oidc !== null && (
          <p class="or">
            <a class="button quiet wide" href={`${oidc.path}?return=${encodeURIComponent(state.next)}`}>
              {words.signInWith(oidc.label)}
            </a>
          </p>
        )}
      </section>
      <ul class="health" aria-label={words.health}>
        {(['database', 'queue', 'files'] as const).map((part) => (
          <li>
            {words.parts[part]}{' '}
            <Badge tone={health[part] ? 'good' : 'bad'}>{health[part] ? words.up : words.down}</Badge>
          </li>
        ))}
      </ul>
    </div>
  </PlainPage>
);

/** The session ended while something was written. */
const leadsToKeptForm = (next: string) => /[?&]kept=/.test(next);
