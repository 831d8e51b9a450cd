import { createHash, createHmac } from 'node:crypto';
import { createSeal } from '../../shared/seal/seal';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { commandLineCaller } from '../../shared/domain/staff';
import { judgeEspocrmSignature } from '../../shared/systems/webhook-signature';
import { openStoreAccess } from '../../shared/stores/store-access';
import { createSystemTaskStore } from '../../shared/stores/pairs/system-task-store';
import { eventually } from '../queue/eventually';
import { onServer } from '../v4/on-server';
import { recordsExample } from './examples';

const server = onServer({ EPACK_PUBLIC_URL: 'https://epack.example' });
let token = '';
let pathname = '';
let hookId = '';

const call = (method: string, path: string, body?: unknown) =>
  fetch(server().url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });

beforeAll(async () => {
  const { email, password } = server().admin;
  const signedIn = (await (await call('POST', '/api/session', { email, password })).json()) as {
    token: string;
  };
  token = signedIn.token;
  const applied = await applyPairFile(
    { ...openStoreAccess(server().db), seal: createSeal([]) },
    commandLineCaller,
    {
      text: recordsExample,
      isTrial: false,
    },
  );
  expect(applied.isValid).toBe(true);
});

beforeEach(async () => {
  await server().db('link_job').delete();
  await server().db('hook').delete();
  const inserted = await server()
    .db('hook')
    .insert({
      system_id: server().db('remote_system').where({ name: 'espo' }).select('id'),
      token_sha256: digest,
      entity: 'CBeteiligte',
    })
    .returning('id');
  hookId = String((inserted[0] as { id: number }).id);
  pathname = `/hooks/espo/${hookToken}`;
});

const hookToken = 'a-token-that-only-the-system-knows-0123456789';
/** As the server keeps it. */
const digest = createHash('sha256').update(hookToken).digest();

const send = (body: string | object, headers: Record<string, string> = {}, path = pathname) =>
  fetch(server().url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const signed = (body: string, key = 'k3y', webhookId = 'w1') => {
  const hex = createHmac('sha256', key).update(body).digest('hex');
  return { Signature: Buffer.from(`${webhookId}:${hex}`).toString('base64') };
};

const keys = async () => (await server().db('link_job').orderBy('key').pluck('key')) as string[];

test('a list of changes becomes one job for each id, and the pair is due now', async () => {
  const answer = await send([
    { id: 'a', name: 'believed by nobody' },
    { id: 'b' },
    { id: 'a' },
    { noId: true },
    7,
  ]);
  expect(answer.status).toBe(202);
  expect(await keys()).toEqual(['a', 'b']);
  expect(await server().db('link_job').where({ key: 'a' }).first()).toMatchObject({
    side: 'here',
    source: 'webhook',
    state: 'new',
    hint: null,
  });
  expect(await server().db('job').where({ kind: 'pair.slice' }).select('lane', 'state')).toEqual([
    { lane: 'pairs', state: 'queued' },
  ]);
});

test('an object is one change; the same again is no second job', async () => {
  expect((await send({ id: 'a' })).status).toBe(202);
  expect((await send({ id: 'a' })).status).toBe(202);
  expect(await keys()).toEqual(['a']);
});

test('a hundred changes in one call are a hundred jobs of one statement', async () => {
  const all = Array.from({ length: 100 }, (_, place) => ({ id: `id-${place}` }));
  expect((await send(all)).status).toBe(202);
  const times = await server().db('link_job').distinct('created_at');
  expect([await keys(), times]).toMatchObject([{ length: 100 }, { length: 1 }]);
});

test('with a key, only calls that are signed with it are accepted', async () => {
  const path = `/api/systems/espo/hook/${hookId}`;
  const set = await call('PUT', path, { secrets: { w1: 'k3y' } });
  expect(await set.json()).toMatchObject({ id: hookId, entity: 'CBeteiligte', webhooks: ['w1'] });
  const body = '[{"id":"signed"}]';
  expect((await send(body, signed(body))).status).toBe(202);
  for (const headers of [
    {},
    signed(body, 'other'),
    signed(body, 'k3y', 'w2'),
    signed('[]'),
    { Signature: 'nonsense' },
  ])
    expect((await send(body.replace('signed', 'forged'), headers)).status).toBe(401);
  expect(await (await send(body, {})).json()).toMatchObject({
    detail: 'The signature of this webhook is missing, or it does not belong to the body.',
  });
  expect(await keys()).toEqual(['signed']);
  const listed = (await (await call('GET', '/api/systems/espo/hook')).json()) as { items: unknown[] };
  expect(listed.items).toEqual([expect.objectContaining({ refused: 6, webhooks: ['w1'] })]);
});

test('an unknown token, another system’s, and one that was taken back are 404, never 410', async () => {
  expect((await send({ id: 'a' }, {}, '/hooks/espo/unknown')).status).toBe(404);
  expect((await send({ id: 'a' }, {}, `/hooks/advoware/${hookToken}`)).status).toBe(404);
  expect((await call('DELETE', `/api/systems/espo/hook/${hookId}`)).status).toBe(204);
  expect((await send({ id: 'a' })).status).toBe(404);
  expect(await keys()).toEqual([]);
});

test('a body of more than a mebibyte is refused, and so is one that is not JSON', async () => {
  expect((await send(JSON.stringify([{ id: 'a', long: 'x'.repeat(1_100_000) }]))).status).toBe(413);
  expect((await send(JSON.stringify([{ id: 'a', long: 'x'.repeat(900_000) }]))).status).toBe(202);
  expect((await send('id=a')).status).toBe(400);
  expect((await fetch(server().url + pathname)).status).toBe(405);
});

/** As a worker does that had the system call us. */
async function registeredBy(webhooks: Record<string, string>): Promise<void> {
  const { db } = server();
  await eventually(
    'the task is there',
    async () => (await db('system_task').whereNull('ended_at')).length > 0,
  );
  const [id = ''] = (await db('system_task').whereNull('ended_at').pluck('id')) as string[];
  await createSystemTaskStore(db).end(id, { result: { webhooks } });
}

test('an address is made and shown once; only a digest of its token is kept', async () => {
  const asked = call('POST', '/api/systems/espo/hook', { entity: 'Contact' });
  await registeredBy({ w9: 'k9' });
  const made = await asked;
  expect(made.status).toBe(201);
  const { url, id, ...rest } = (await made.json()) as { url: string; id: string };
  expect(rest).toEqual({ webhooks: ['w9'], problem: null });
  expect(url).toMatch(/^https:\/\/epack\.example\/hooks\/espo\/[\w-]{43}$/);
  const secret = url.split('/').at(-1) ?? '';
  for (const table of ['hook', 'audit', 'job', 'link_job'])
    expect(JSON.stringify(await server().db(table))).not.toContain(secret);
  expect((await (await call('GET', '/api/systems/espo/hook')).text()).includes(secret)).toBe(false);
  const body = '{"id":"x"}';
  expect((await send(body, {}, new URL(url).pathname)).status).toBe(401);
  expect((await send(body, signed(body, 'k9', 'w9'), new URL(url).pathname)).status).toBe(202);
  // No pair is about that entity.
  expect(await keys()).toEqual([]);
  expect((await call('DELETE', `/api/systems/espo/hook/${id}`)).status).toBe(204);
  expect((await call('POST', '/api/systems/advoware/hook')).status).toBe(422);
});

test('the signature of an EspoCRM is judged over the bytes, in both of its forms', () => {
  const body = Buffer.from('[{"id":"é"}]');
  const raw = createHmac('sha256', 'k').update(body).digest();
  const keyOf = (id: string) => (id === 'w' ? 'k' : undefined);
  const judge = (headers: { signature?: string; 'x-signature'?: string }) =>
    judgeEspocrmSignature(
      body,
      { signature: headers.signature, 'x-signature': headers['x-signature'] },
      keyOf,
    );
  const hex = Buffer.from(`w:${raw.toString('hex')}`).toString('base64');
  const old = Buffer.concat([Buffer.from('w:'), raw]).toString('base64');
  expect([judge({ signature: hex }), judge({ 'x-signature': old }), judge({})]).toEqual([
    'valid',
    'valid',
    'unsigned',
  ]);
  expect(judge({ signature: old.slice(0, -8) })).toBe('invalid');
});
