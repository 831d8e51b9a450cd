import { epackSync, fridgeRows } from '../bench';
import type { Check } from '../check';
import { headerOf, member, need, needEqual, needProblem, needStatus, textMember } from '../expectations';

const section = 'Conventions';

/** What holds for every call. */
export const conventionChecks: readonly Check[] = [
  {
    id: 'unknown-channel',
    section,
    sentence: 'An unknown channel is 404 `unknown-channel`, even without a token',
    title: { en: 'A channel that does not exist', fr: 'Un canal qui n’existe pas' },
    run: async ({ wire }) =>
      needProblem(await wire.call('/v4/no-such-channel/statut'), 404, 'unknown-channel'),
  },
  {
    id: 'unknown-path',
    section,
    sentence: 'any other unknown path is 404 `not-found`',
    title: { en: 'A path that does not exist', fr: 'Un chemin qui n’existe pas' },
    run: async (bench) => {
      const synchro = await bench.on('synchro');
      needProblem(await synchro.call('no-such-call'), 404, 'not-found');
    },
  },
  {
    id: 'method-not-allowed',
    section,
    sentence:
      'A method that a path does not support is 405 `method-not-allowed`, and `Allow` names those that it supports.',
    title: { en: 'A method that is not supported', fr: 'Une méthode non prise en charge' },
    run: async (bench) => {
      const reply = await (await bench.on('synchro')).call('statut', { method: 'DELETE' });
      needProblem(reply, 405, 'method-not-allowed');
      const allowed = headerOf(reply, 'allow') ?? '';
      need(/\bGET\b/.test(allowed), 'Allow names GET', allowed);
    },
  },
  {
    id: 'head-without-body',
    section,
    sentence: 'HEAD returns what GET returns, without the body.',
    title: { en: 'HEAD instead of GET', fr: 'HEAD au lieu de GET' },
    run: async (bench) => {
      const reply = await (await bench.on('synchro')).call('statut', { method: 'HEAD' });
      needStatus(reply, 200);
      need(reply.body.length === 0, 'HEAD has no body', reply.text);
    },
  },
  {
    id: 'token-missing',
    section,
    sentence: '`Authorization: Bearer <token>` on every call except login, `OPTIONS` included.',
    title: { en: 'Calls without a token', fr: 'Des appels sans jeton' },
    run: async ({ wire }) => {
      const calls = ['statut', 'lastIdLogs', 'listSyncParams', 'datas', 'sync'] as const;
      for (const call of calls) needProblem(await wire.call(`/v4/synchro/${call}`), 401, 'unauthorized');
      const posted = await wire.call('/v4/synchro/datas', { method: 'POST', body: '' });
      needProblem(posted, 401, 'unauthorized');
      needProblem(await wire.call('/v4/synchro/confirm', { method: 'POST' }), 401, 'unauthorized');
    },
  },
  {
    id: 'token-malformed',
    section: 'Error codes',
    sentence: '`WWW-Authenticate: Bearer`; the token is missing, malformed, expired or of no solution',
    title: { en: 'A token that is none, or was changed', fr: 'Un jeton qui n’en est pas un, ou modifié' },
    run: async (bench) => {
      const { token } = await bench.on('synchro');
      for (const wrong of ['Bearer none', `Basic ${token}`, `Bearer ${forged(token)}`]) {
        const reply = await bench.wire.call('/v4/synchro/statut', { headers: { Authorization: wrong } });
        needProblem(reply, 401, 'unauthorized');
        const scheme = headerOf(reply, 'www-authenticate') ?? '';
        need(scheme.startsWith('Bearer'), 'WWW-Authenticate: Bearer', scheme);
      }
    },
  },
  {
    id: 'problem-json',
    section,
    sentence:
      'Errors are `application/problem+json` (RFC 9457): `type` (`urn:epack:problem:<code>`), `title`, `status`, `detail` and the stable `code`',
    title: { en: 'The form of an error', fr: 'La forme d’une erreur' },
    run: async (bench) => {
      const reply = await (await bench.on('synchro')).call('statut?wait=0');
      const type = headerOf(reply, 'content-type') ?? '';
      need(type.startsWith('application/problem+json'), 'Content-Type application/problem+json', type);
      needEqual('type', member(reply.json, 'type'), 'urn:epack:problem:bad-request');
      needEqual('status', member(reply.json, 'status'), 400);
      textMember(reply.json, 'title');
      textMember(reply.json, 'detail');
    },
  },
  {
    id: 'request-id',
    section,
    sentence:
      "Every response carries `X-Request-Id`: the caller's own value if it has 1 to 128 characters of `A-Z a-z 0-9 _ . : -`, else a new one.",
    title: { en: 'The number of a request', fr: 'Le numéro d’une requête' },
    run: async ({ wire, mark }) => {
      const kept = await wire.call('/v4/synchro/statut', { headers: { 'X-Request-Id': `suite-${mark}` } });
      needEqual('X-Request-Id', headerOf(kept, 'x-request-id'), `suite-${mark}`);
      const strange = await wire.call('/v4/synchro/statut', { headers: { 'X-Request-Id': 'a b<c>' } });
      const made = headerOf(strange, 'x-request-id');
      need(made !== null && made !== '' && made !== 'a b<c>', 'a new X-Request-Id', made);
    },
  },
  {
    id: 'times-in-utc',
    section,
    sentence: 'Times in JSON are RFC 3339 in UTC, with milliseconds.',
    title: { en: 'Times in JSON', fr: 'Les heures en JSON' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      await synchro.sync({});
      const received = textMember((await synchro.call('sync')).json, 'receivedAt');
      need(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(received), 'receivedAt in UTC', received);
    },
  },
  {
    id: 'wrong-clock',
    section,
    sentence: 'The version decides nothing; the clock counts only under',
    title: { en: 'A device whose clock is years off', fr: 'Un appareil dont l’horloge a des années d’écart' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const archive = bench.zip({ 'csv/Tbfridge.csv': fridgeRows([id]) });
      const headers = { Date: 'Sat, 01 Jan 2000 00:00:00 GMT', 'User-Agent': 'epack-solution/0.1-old' };
      const posted = await synchro.post(archive, headers);
      needStatus(posted, 200);
      await synchro.until2();
      needStatus(await synchro.confirm(), 200);
      need((await synchro.highestId('Tbfridge')) === id, 'the row is stored', 'lastIdLogs did not move');
    },
  },
  {
    id: 'channels-are-independent',
    section: 'The protocol of this server (ePack V4)',
    sentence: '`synchro`, `sondes`, `messagerie`, `photos`: four independent conversations.',
    title: { en: 'A channel does not move the others', fr: 'Un canal ne fait pas bouger les autres' },
    run: async (bench) => {
      const [synchro, sondes] = [await bench.idle('synchro'), await bench.idle('sondes')];
      const { reply } = await synchro.sync({});
      need(epackSync(reply) !== null, 'the package names its sync', reply.headers);
      needEqual('the status of sondes', await sondes.statut(), '0');
      needEqual('the status of synchro', await synchro.statut(), '2');
    },
  },
];

/** The same claims for another solution, under the old signature. */
function forged(token: string): string {
  const [head = '', claims = '', signature = ''] = token.split('.');
  const decoded: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8') || '{}');
  const changed = { ...(typeof decoded === 'object' ? decoded : {}), aud: '999999999' };
  return [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.');
}
