import { loginFields } from '../bench';
import type { Check } from '../check';
import { headerOf, member, need, needEqual, needProblem, needStatus, NotSeen } from '../expectations';

const section = 'POST /v4/{channel}/login';

/** Signing in. */
export const loginChecks: readonly Check[] = [
  {
    id: 'login-token',
    section,
    sentence: '→ 200, a JSON string: the token, for all four channels.',
    title: { en: 'A token, and its use on all channels', fr: 'Un jeton, et son usage sur tous les canaux' },
    run: async (bench) => {
      const reply = await bench.login(loginFields(bench.solution), 'photos');
      needStatus(reply, 200);
      need(typeof reply.json === 'string', 'a JSON string', reply.text);
      for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'])
        needStatus(
          await bench.wire.call(`/v4/${channel}/statut`, {
            headers: { Authorization: `Bearer ${reply.json}` },
          }),
          200,
        );
    },
  },
  {
    id: 'login-claims',
    section,
    sentence: "It is a JWT (HS256; `aud` is the solution's id, `iat`, `nbf`, `exp`, `jti`)",
    title: { en: 'What the token says', fr: 'Ce que dit le jeton' },
    run: async (bench) => {
      const { token } = await bench.on('synchro');
      const [head, claims] = token.split('.').map(decoded);
      needEqual('alg', member(head, 'alg'), 'HS256');
      for (const claim of ['aud', 'iat', 'nbf', 'exp', 'jti'])
        need(member(claims, claim) !== undefined, `the claim ${claim}`, claims);
    },
  },
  {
    id: 'login-mail-case',
    section,
    sentence: 'The mail is compared without regard to case.',
    title: { en: 'A mail in capitals', fr: 'Une adresse en majuscules' },
    run: async (bench) => {
      const fields = loginFields(bench.solution);
      needStatus(await bench.login({ ...fields, mail_solution: fields.mail_solution.toUpperCase() }), 200);
    },
  },
  {
    id: 'login-mac-form',
    section,
    sentence: 'Case and `-` or `:` make no difference',
    title: { en: 'A MAC with hyphens and capitals', fr: 'Une adresse MAC avec tirets et majuscules' },
    run: async (bench) => {
      const fields = loginFields(bench.solution);
      needStatus(await bench.login({ ...fields, MAC: fields.MAC.replaceAll(':', '-').toUpperCase() }), 200);
    },
  },
  {
    id: 'login-mac-ignore',
    section,
    sentence: 'The word `ignore` is not a MAC (400 `bad-request`)',
    title: { en: 'The word “ignore” as a MAC', fr: 'Le mot « ignore » en guise d’adresse MAC' },
    run: async (bench) =>
      needProblem(await bench.login({ ...loginFields(bench.solution), MAC: 'ignore' }), 400, 'bad-request'),
  },
  {
    id: 'login-content-type',
    section: 'Conventions',
    sentence:
      'Bodies of login (16 KiB at most) and confirm (16 MiB) are read as JSON whatever their `Content-Type` says.',
    title: { en: 'A login without a Content-Type', fr: 'Une connexion sans Content-Type' },
    run: async ({ wire, solution }) => {
      const body = JSON.stringify(loginFields(solution));
      const headers = { 'Content-Type': 'text/plain' };
      needStatus(await wire.call('/v4/synchro/login', { method: 'POST', body, headers }), 200);
    },
  },
  {
    id: 'login-not-json',
    section: 'Error codes',
    sentence: '`bad-request`',
    title: { en: 'A login that is no JSON', fr: 'Une connexion qui n’est pas du JSON' },
    run: async ({ wire }) =>
      needProblem(
        await wire.call('/v4/synchro/login', { method: 'POST', body: '{"mail' }),
        400,
        'bad-request',
      ),
  },
  {
    id: 'login-wrong-secret',
    section,
    sentence:
      'An unknown mail and a wrong secret both get 400 `bad-credentials` with `"error": "Incorrect credentials"`; the two do not differ in text or in time.',
    title: { en: 'A wrong secret and an unknown mail', fr: 'Un secret faux et une adresse inconnue' },
    run: async (bench) => {
      const fields = loginFields(bench.solution);
      const wrong = await bench.login({ ...fields, secret: 'wrong' });
      if (wrong.status === 429) throw new NotSeen('The address is still limited from an earlier run.');
      const unknown = await bench.login({ ...fields, mail_solution: `nobody-${bench.mark}@example.org` });
      for (const reply of [wrong, unknown]) {
        needProblem(reply, 400, 'bad-credentials');
        needEqual('error', member(reply.json, 'error'), 'Incorrect credentials');
      }
      needEqual('the body for an unknown mail', unknown.text, wrong.text);
    },
  },
];

/** It comes last, because the address is limited after it. */
export const loginLimitCheck: Check = {
  id: 'login-limit',
  section,
  sentence:
    'further failures are 429 `too-many-requests` with `Retry-After`. A login with the right secret still succeeds.',
  title: { en: 'Many failures, then the right secret', fr: 'Beaucoup d’échecs, puis le bon secret' },
  run: async (bench) => {
    const fields = { ...loginFields(bench.solution), mail_solution: `nobody-${bench.mark}@example.org` };
    let reply = await bench.login(fields);
    for (let failures = 1; failures < 12 && reply.status !== 429; failures++)
      reply = await bench.login(fields);
    needProblem(reply, 429, 'too-many-requests');
    const seconds = headerOf(reply, 'retry-after') ?? '';
    need(/^\d+$/.test(seconds), 'Retry-After in seconds', seconds);
    needStatus(await bench.login(loginFields(bench.solution)), 200);
  },
};

function decoded(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}
