import { channels } from '../../../shared/domain/channel';
import type { Page } from '../../../shared/domain/page';
import type { AdminChannel, AdminSolution } from '../../../shared/stores/solution-admin-store';
import type { Health } from '../../ops/health';
import { html, type Html } from './html';
import { layout } from './layout';
import { ageText, type Words } from './words';

/** What went wrong at signing in; null: nothing. */
export interface SignInProblem {
  readonly message: string;
  /** As it was typed. */
  readonly email: string;
}

/** What this server is, how it is, and the way in. */
export function visitorPage(words: Words, health: Health, problem: SignInProblem | null): string {
  return layout(
    words,
    null,
    words.title,
    html`<p>${words.about}</p>
      <div class="cards">
        <section class="card">
          <h2>${words.signIn}</h2>
          ${signInForm(words, problem)}
        </section>
        <section class="card">
          <h2>${words.health}</h2>
          ${healthList(words, health)}
        </section>
      </div>`,
  );
}

/** Every solution that the user sees, with its channels. */
export function solutionsPage(
  words: Words,
  email: string,
  health: Health,
  solutions: Page<AdminSolution>,
): string {
  return layout(
    words,
    { email },
    words.solutions,
    html`${
        solutions.items.length === 0
          ? html`<p>${words.noSolutions}</p>`
          : solutionTable(words, solutions.items)
      }
      ${
        solutions.next === null
          ? null
          : html`<p><a href="/?cursor=${solutions.next}">${words.nextPage}</a></p>`
      }
      <h2>${words.health}</h2>
      ${healthList(words, health)}`,
  );
}

function signInForm(words: Words, problem: SignInProblem | null): Html {
  return html`<form method="post" action="/sign-in">
    ${problem === null ? null : html`<p role="alert">${problem.message}</p>`}
    <label
      >${words.email}
      <input name="email" type="text" autocomplete="username" required value="${problem?.email ?? ''}" />
    </label>
    <label
      >${words.password}
      <input name="password" type="password" autocomplete="current-password" required />
    </label>
    <button>${words.signIn}</button>
  </form>`;
}

function healthList(words: Words, health: Health): Html {
  const parts = ['database', 'queue', 'files'] as const;
  return html`<dl>
    ${parts.map(
      (part) =>
        html`<dt>${words.parts[part]}</dt>
          <dd class="${health[part] ? 'good' : 'bad'}">${health[part] ? words.up : words.down}</dd>`,
    )}
  </dl>`;
}

function solutionTable(words: Words, solutions: readonly AdminSolution[]): Html {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th scope="col">${words.solution}</th>
          <th scope="col">${words.account}</th>
          ${channels.map((channel) => html`<th scope="col">${channel}</th>`)}
          <th scope="col" class="number">${words.alerts}</th>
        </tr>
      </thead>
      <tbody>
        ${solutions.map((solution) => solutionRow(words, solution))}
      </tbody>
    </table>
  </div>`;
}

function solutionRow(words: Words, solution: AdminSolution): Html {
  return html`<tr>
    <td>
      <a href="/solutions/${solution.id}">${solution.name}</a>
      ${solution.blockedAt === null ? null : html`<span class="bad">${words.blocked}</span>`}
      ${solution.lockedAt === null ? null : html`<span class="bad">${words.locked}</span>`}
      <div class="note">${solution.mail}</div>
    </td>
    <td>${solution.account.name}</td>
    ${solution.channels.map((channel) => channelCell(words, channel))}
    <td class="number">0</td>
  </tr>`;
}

function channelCell(words: Words, { statut, lastConfirmedAt }: AdminChannel): Html {
  return html`<td>
    <span class="${statut === 0 ? 'good' : 'busy'}">${words.status[statut]}</span>
    <div class="note">${lastConfirmedAt === null ? words.never : ageText(words, lastConfirmedAt)}</div>
  </td>`;
}
