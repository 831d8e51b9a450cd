import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { checks } from '../../client/conformance/checks';
import { runChecks } from '../../client/conformance/run-checks';
import { createWire, type Reply } from '../../client/conformance/wire';
import { bytesOf } from '../../shared/formats/bytes-of';
import { enrol, onServer } from '../v4/on-server';

// A server that breaks one sentence: ours, behind a proxy that changes some of its responses.

const server = onServer({}, { worker: true });
jest.setTimeout(120_000);

interface Given {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Changes what a request gets. Undefined: nothing is changed. */
type Mutation = (
  asked: string,
  reply: Reply,
  sent: Readonly<Record<string, string>>,
) => Partial<Given> | undefined;

const statusOf =
  (from: number, to: number, call: RegExp): Mutation =>
  (asked, { status }) =>
    status === from && call.test(asked) ? { status: to } : undefined;

const textOf =
  (call: RegExp, from: RegExp | string, to: string): Mutation =>
  (asked, { text }) =>
    call.test(asked) && text.search(from) >= 0 ? { body: text.replace(from, to) } : undefined;

const headerOf =
  (call: RegExp, name: string, value: string): Mutation =>
  (asked) =>
    call.test(asked) ? { headers: { [name]: value } } : undefined;

const mutants: Readonly<Record<string, Mutation>> = {
  'unknown-channel': statusOf(404, 400, /no-such-channel/),
  'unknown-path': statusOf(404, 410, /no-such-call/),
  'method-not-allowed': statusOf(405, 404, /^DELETE .*statut/),
  'token-missing': statusOf(401, 403, /lastIdLogs/),
  'token-malformed': headerOf(/statut$/, 'www-authenticate', 'Basic'),
  'problem-json': headerOf(/statut\?wait=0/, 'content-type', 'application/json'),
  'request-id': headerOf(/statut/, 'x-request-id', 'always-the-same'),
  'times-in-utc': textOf(/synchro\/sync$/, /\.\d{3}Z/, '+01:00'),
  'login-mail-case': (asked, _reply, sent) =>
    asked.includes('login') && /KITCHEN/.test(sent['body'] ?? '') ? { status: 400 } : undefined,
  'login-mac-ignore': statusOf(400, 200, /login$/),
  'login-wrong-secret': textOf(/login$/, 'Incorrect credentials', 'Unknown mail'),
  'login-limit': headerOf(/login$/, 'retry-after', 'soon'),
  'statut-names-the-sync': headerOf(/statut$/, 'epack-sync', '00000000-0000-4000-8000-000000000000'),
  'statut-bad-wait': statusOf(400, 200, /wait=61/),
  'poll-after': headerOf(/statut$/, 'epack-poll-after', '0'),
  'last-ids-are-strings': textOf(/lastIdLogs/, /"(-1|\d+)"/, '$1'),
  'last-ids-of-photos': textOf(/photos\/lastIdLogs/, '{}', '{"Tbphotos":"-1"}'),
  'last-ids-need-status-0': statusOf(403, 409, /lastIdLogs/),
  'wrong-status-tells-it': textOf(/datas$/, '"statut":"2"', '"statut":2'),
  'parameters-list': textOf(/synchro\/listSyncParams/, /^\[.*\]$/, '[]'),
  'parameters-of-other-channels': textOf(/sondes\/listSyncParams/, /\[\]/, '["Probes.xml"]'),
  'upload-accepted': headerOf(/^POST .*datas$/, 'epack-sync', ''),
  'upload-digest': statusOf(400, 422, /datas$/),
  'upload-key-reused': statusOf(422, 409, /datas$/),
  'upload-while-busy': statusOf(403, 200, /datas$/),
  'upload-not-a-zip': statusOf(415, 422, /datas$/),
  'archive-traversal': statusOf(422, 200, /datas$/),
  'archive-bomb': textOf(/datas$/, 'csv/bomb.csv', 'an entry'),
  'package-needs-status-2': statusOf(403, 404, /^GET .*datas$/),
  'package-headers': headerOf(/^GET .*datas$/, 'repr-digest', 'sha-256=:AAAA:'),
  'package-ranges': statusOf(206, 200, /^GET .*datas$/),
  'package-not-modified': statusOf(304, 412, /^GET .*datas$/),
  'sync-tells-its-state': textOf(/synchro\/sync$/, '"state":"confirmed"', '"state":"done"'),
  'confirm-empty-body': textOf(/confirm$/, '{"statut":"0"}', '{"statut":0}'),
  'confirm-other-sync': statusOf(409, 200, /confirm$/),
  'confirm-nothing': statusOf(403, 200, /confirm$/),
  'confirm-bad-body': statusOf(400, 200, /confirm$/),
  'resumable-options': headerOf(/^OPTIONS /, 'tus-extension', 'creation'),
  'resumable-version': statusOf(412, 400, /uploads$/),
  'resumable-wrong-offset': statusOf(409, 400, /uploads\//),
  'resumable-type': statusOf(415, 400, /uploads\//),
  'resumable-deleted': statusOf(204, 200, /^DELETE /),
  'resumable-of-another-channel': statusOf(404, 403, /sondes\/uploads/),
  'photo-comes-back': headerOf(/files\//, 'content-type', 'application/octet-stream'),
  'photo-unknown': statusOf(404, 200, /files\//),
  'stranger-photo': statusOf(404, 200, /files\//),
};

async function startMutant(mutation: Mutation) {
  const wire = createWire(server().url);
  const proxy = createServer((request, response) => {
    const asked = `${request.method ?? ''} ${request.url ?? ''}`;
    void (async () => {
      const body = await bytesOf(request as AsyncIterable<Buffer>);
      const sent: Record<string, string> = {};
      for (const [name, value] of Object.entries(request.headers))
        if (typeof value === 'string' && !hop.has(name)) sent[name] = value;
      const reply = await wire.call(request.url ?? '/', {
        ...{ method: request.method ?? 'GET', headers: sent },
        ...(body.length === 0 ? {} : { body }),
      });
      const changed = mutation(asked, reply, { ...sent, body: body.toString('utf8') }) ?? {};
      const given = Buffer.from(changed.body ?? reply.body);
      for (const [name, value] of Object.entries(reply.headers))
        if (value !== undefined && !hop.has(name)) response.setHeader(name, value);
      for (const [name, value] of Object.entries(changed.headers ?? {})) response.setHeader(name, value);
      response.writeHead(changed.status ?? reply.status).end(given);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  const close = () => {
    wire.close();
    proxy.close();
    proxy.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}`, close };
}

const hop = new Set(['connection', 'content-length', 'expect', 'host', 'keep-alive', 'transfer-encoding']);

/** They have nothing to do with any of the mutants. */
const controls = ['login-token', 'statut-string', 'all-ignored'];

test.each(Object.entries(mutants))(
  'a server that breaks the sentence of %s fails that check',
  async (id, mutation) => {
    const [solution, second] = [await enrol(server()), await enrol(server())];
    const mutant = await startMutant(mutation);
    const chosen = checks.filter((check) => check.id === id || controls.includes(check.id));
    const results = await runChecks({ url: mutant.url, solution, second, checks: chosen });
    mutant.close();
    const failed = results.filter(({ outcome }) => outcome.kind !== 'passed').map(({ check }) => check.id);
    expect([chosen.length, failed]).toEqual([controls.length + 1, [id]]);
  },
);
