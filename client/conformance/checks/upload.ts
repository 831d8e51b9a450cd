import { createHash } from 'node:crypto';
import type { Bench, ChannelWire } from '../bench';
import { epackSync, fridgeRows } from '../bench';
import type { Check } from '../check';
import { member, need, needEqual, needProblem, needStatus, textMember } from '../expectations';
import { askBeforeBody } from '../expect-continue';

const section = 'POST /v4/{channel}/datas';

/** Sending an archive. */
export const uploadChecks: readonly Check[] = [
  {
    id: 'upload-accepted',
    section,
    sentence: 'Needs status 0. → 200 `{"sync": "<uuid>", "statut": "1"}` and `Epack-Sync`',
    title: { en: 'An archive that is accepted', fr: 'Une archive acceptée' },
    run: async (bench) => {
      const reply = await (await bench.idle('synchro')).post(bench.zip({}));
      needStatus(reply, 200);
      const sync = textMember(reply.json, 'sync');
      need(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sync), 'a UUID', sync);
      needEqual('statut', member(reply.json, 'statut'), '1');
      needEqual('Epack-Sync', epackSync(reply), sync);
    },
  },
  {
    id: 'upload-form',
    section,
    sentence:
      'The body is either `multipart/form-data` with one file part `file` (its filename is ignored and may be absent)',
    title: {
      en: 'An archive in a form, with a Windows path',
      fr: 'Une archive dans un formulaire, avec un chemin Windows',
    },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const reply = await synchro.call('datas', formOf(bench.zip({})));
      needStatus(reply, 200);
    },
  },
  {
    id: 'upload-form-without-file',
    section: 'POST /v4/{channel}/datas',
    sentence: 'Refusals: 400 `bad-request`',
    title: { en: 'A form without a file', fr: 'Un formulaire sans fichier' },
    run: async (bench) => {
      const reply = await (await bench.idle('synchro')).call('datas', formOf(null));
      needProblem(reply, 400, 'bad-request');
    },
  },
  ...['sondes', 'messagerie', 'photos'].map((channel): Check => ({
    id: `whole-sync-on-${channel}`,
    section: 'The status',
    sentence: 'an instruction package is ready, whether fetched or not',
    title: { en: `A whole sync on ${channel}`, fr: `Une synchronisation entière sur ${channel}` },
    run: async (bench) => wholeSync(await bench.idle(channel as 'sondes' | 'messagerie' | 'photos')),
  })),
  {
    id: 'upload-digest',
    section,
    sentence: 'An archive with another digest is 400 `digest-mismatch`.',
    title: { en: 'A digest that is not the archive’s', fr: 'Une empreinte qui n’est pas celle de l’archive' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const other = createHash('sha256').update('another archive').digest();
      const headers = { 'Content-Digest': `sha-256=:${other.toString('base64')}:` };
      needProblem(await synchro.post(bench.zip({}), headers), 400, 'digest-mismatch');
      const inForm = await synchro.call('datas', formOf(bench.zip({}), other.toString('hex')));
      needProblem(inForm, 400, 'digest-mismatch');
      const archive = bench.zip({ 'csv/Tbfridge.csv': fridgeRows([]) });
      const right = createHash('sha256').update(archive).digest('base64');
      needStatus(await synchro.post(archive, { 'Content-Digest': `sha-256=:${right}:` }), 200);
    },
  },
  {
    id: 'upload-digest-unreadable',
    section,
    sentence: 'A digest that cannot be read is 400 `bad-request`.',
    title: { en: 'A digest that cannot be read', fr: 'Une empreinte illisible' },
    run: async (bench) => {
      const headers = { 'Content-Digest': 'sha-256=:no base64!:' };
      needProblem(await (await bench.idle('synchro')).post(bench.zip({}), headers), 400, 'bad-request');
    },
  },
  {
    id: 'upload-key-repeated',
    section,
    sentence:
      'gets the first response again (`"statut": "1"`, whatever the status is now) and starts nothing.',
    title: { en: 'The same upload twice', fr: 'Le même envoi deux fois' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const [archive, headers] = [bench.zip({}), { 'Idempotency-Key': `suite-${bench.freshId()}` }];
      const first = await synchro.post(archive, headers);
      needStatus(first, 200);
      await synchro.until2();
      needEqual('the second response', (await synchro.post(archive, headers)).json, first.json);
      needEqual('the status', await synchro.statut(), '2');
      needStatus(await synchro.confirm(), 200);
      needEqual('the third response', (await synchro.post(archive, headers)).json, first.json);
      needEqual('the status', await synchro.statut(), '0');
    },
  },
  {
    id: 'upload-key-reused',
    section,
    sentence: 'The same key with another archive is 422 `idempotency-key-reused`.',
    title: { en: 'The same key with another archive', fr: 'La même clé avec une autre archive' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const headers = { 'Idempotency-Key': `suite-${bench.freshId()}` };
      needStatus(await synchro.post(bench.zip({}), headers), 200);
      const other = bench.zip({ 'csv/Tbfridge.csv': fridgeRows([]) });
      needProblem(await synchro.post(other, headers), 422, 'idempotency-key-reused');
    },
  },
  {
    id: 'upload-key-after-refusal',
    section,
    sentence: 'A refused upload does not use up its key.',
    title: { en: 'The key of a refused upload', fr: 'La clé d’un envoi refusé' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const headers = { 'Idempotency-Key': `suite-${bench.freshId()}` };
      const refused = await synchro.post(Buffer.from('no zip at all'), headers);
      need(refused.status >= 400, 'a refusal', refused.text);
      needStatus(await synchro.post(bench.zip({}), headers), 200);
    },
  },
  {
    id: 'upload-while-busy',
    section: 'The status',
    sentence: 'If two uploads arrive at once, one gets the channel and the other gets 403 `wrong-status`.',
    title: { en: 'Four uploads at once', fr: 'Quatre envois à la fois' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const archive = bench.zip({});
      const replies = await Promise.all([1, 2, 3, 4].map(() => synchro.post(archive)));
      const accepted = replies.filter(({ status }) => status === 200);
      need(
        accepted.length === 1,
        'exactly one upload is accepted',
        replies.map(({ status }) => status),
      );
      for (const reply of replies) if (reply.status !== 200) needProblem(reply, 403, 'wrong-status');
    },
  },
  {
    id: 'upload-refused-leaves-nothing',
    section: 'The status',
    sentence: 'A refused upload leaves status 0 and nothing else: neither a sync nor a file.',
    title: { en: 'What is left of a refused upload', fr: 'Ce qui reste d’un envoi refusé' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      await wholeSync(synchro);
      const before = (await synchro.call('sync')).json;
      const refused = await synchro.post(Buffer.from('PK\u0003\u0004 and then nothing'));
      need(refused.status >= 400, 'a refusal', refused.text);
      needEqual('the status', await synchro.statut(), '0');
      needEqual('the last sync', (await synchro.call('sync')).json, before);
    },
  },
  {
    id: 'upload-type',
    section,
    sentence: 'Any other type is 415 `not-a-zip`, and so is any `Content-Encoding`.',
    title: { en: 'An archive of another type', fr: 'Une archive d’un autre type' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      for (const headers of [{ 'Content-Type': 'text/html' }, { 'Content-Encoding': 'gzip' }])
        needProblem(await synchro.post(bench.zip({}), headers), 415, 'not-a-zip');
    },
  },
  {
    id: 'upload-not-a-zip',
    section: 'The uploaded archive',
    sentence: 'A file that does not even begin like a zip is 415 `not-a-zip`',
    title: { en: 'A file that is no zip', fr: 'Un fichier qui n’est pas un zip' },
    run: async (bench) =>
      needProblem(await (await bench.idle('synchro')).post(Buffer.from('%PDF-1.7 hello')), 415, 'not-a-zip'),
  },
  {
    id: 'upload-empty-archive',
    section: 'The uploaded archive',
    sentence: 'An empty archive (the 22 bytes of a zip without entries) is valid',
    title: { en: 'An empty archive', fr: 'Une archive vide' },
    run: async (bench) => wholeSync(await bench.idle('synchro')),
  },
  {
    id: 'upload-asks-first',
    section,
    sentence:
      '`Expect: 100-continue` is honoured: the server checks status, type, announced length, digest header and queue before it asks for the body.',
    title: { en: 'A refusal before the body is sent', fr: 'Un refus avant l’envoi du corps' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const bytes = 100;
      await synchro.sync({});
      needEqual('at status 2', await askBeforeBody(bench.wire.url, headOf(synchro, bytes)), 403);
      await synchro.confirm();
      needEqual('at status 0', await askBeforeBody(bench.wire.url, headOf(synchro, bytes)), 'continue');
    },
  },
  {
    id: 'upload-too-large',
    section: 'Error codes',
    sentence: '`too-large`',
    title: { en: 'An archive above every limit', fr: 'Une archive au-delà de toute limite' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      // 64 TiB: no server takes that much.
      needEqual('the response', await askBeforeBody(bench.wire.url, headOf(synchro, 2 ** 46)), 413);
      needEqual('the status', await synchro.statut(), '0');
    },
  },
];

async function wholeSync(there: ChannelWire): Promise<void> {
  const { report } = await there.sync({});
  needEqual('the outcome', member(report, 'outcome'), 'processed');
  needStatus(await there.confirm(), 200);
  needEqual('the status', await there.statut(), '0');
}

const headOf = ({ channel, token }: ChannelWire, bytes: number) => ({ channel, token, bytes });

const boundary = 'epack-conformance-boundary';

/** A form, with the archive unless it is null. */
function formOf(
  archive: Buffer | null,
  sha256?: string,
): Parameters<Awaited<ReturnType<Bench['on']>>['call']>[1] {
  const start = `--${boundary}\r\nContent-Disposition: form-data; name=`;
  const file =
    archive === null
      ? []
      : [
          Buffer.from(`${start}"file"; filename="C:\\ePack\\sync\\datas.zip"\r\n\r\n`),
          archive,
          Buffer.from('\r\n'),
        ];
  const field = `${start}"sha256"\r\n\r\n${sha256 ?? ''}\r\n`;
  const digest = sha256 === undefined ? `${start}"note"\r\n\r\nhello\r\n` : field;
  return {
    method: 'POST',
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
    body: Buffer.concat([Buffer.from(digest), ...file, Buffer.from(`--${boundary}--\r\n`)]),
  };
}
