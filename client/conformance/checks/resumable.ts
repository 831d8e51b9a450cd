import type { Bench, ChannelWire } from '../bench';
import type { Check } from '../check';
import { headerOf, member, need, needEqual, needProblem, needStatus } from '../expectations';
import type { Reply } from '../wire';

const section = 'Resumable uploads: /v4/{channel}/uploads';
const tus = { 'Tus-Resumable': '1.0.0' };

/** Uploads in pieces, by tus 1.0. */
export const resumableChecks: readonly Check[] = [
  {
    id: 'resumable-options',
    section,
    sentence: '204 with `Tus-Extension`, `Tus-Max-Size`',
    title: { en: 'What the server can do', fr: 'Ce que le serveur sait faire' },
    run: async (bench) => {
      const reply = await (await bench.on('synchro')).call('uploads', { method: 'OPTIONS' });
      needStatus(reply, 204);
      const extensions = headerOf(reply, 'tus-extension') ?? '';
      for (const name of ['creation', 'termination', 'expiration'])
        need(extensions.includes(name), `the extension ${name}`, extensions);
      need(/^\d+$/.test(headerOf(reply, 'tus-max-size') ?? ''), 'Tus-Max-Size', reply.headers);
    },
  },
  {
    id: 'resumable-version',
    section,
    sentence:
      'Every call except OPTIONS needs `Tus-Resumable: 1.0.0` (else 412 `tus-version` with `Tus-Version: 1.0.0`).',
    title: { en: 'A call without a version', fr: 'Un appel sans version' },
    run: async (bench) => {
      const headers = { 'Upload-Length': '10' };
      const reply = await (await bench.idle('synchro')).call('uploads', { method: 'POST', headers });
      needProblem(reply, 412, 'tus-version');
    },
  },
  {
    id: 'resumable-in-parts',
    section,
    sentence:
      'The request that completes an upload needs status 0 and returns what POST datas returns: 200 with `{"sync": …, "statut": "1"}`, or its errors.',
    title: { en: 'An archive in two parts', fr: 'Une archive en deux parties' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const archive = archiveOf(bench);
      const path = await create(synchro, archive.length);
      const first = await patch(synchro, path, 0, archive.subarray(0, 50));
      needStatus(first, 204);
      needEqual('Upload-Offset', headerOf(first, 'upload-offset'), '50');
      const asked = await synchro.call(path, { method: 'HEAD', headers: tus });
      needEqual('Upload-Offset', headerOf(asked, 'upload-offset'), '50');
      needEqual('Upload-Length', headerOf(asked, 'upload-length'), String(archive.length));
      needEqual('the status before the end', await synchro.statut(), '0');
      const last = await patch(synchro, path, 50, archive.subarray(50));
      needStatus(last, 200);
      needEqual('statut', member(last.json, 'statut'), '1');
    },
  },
  {
    id: 'resumable-repeated',
    section,
    sentence: 'If its response was lost, the same empty PATCH at the end returns it again',
    title: { en: 'The last response was lost', fr: 'La dernière réponse s’est perdue' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const archive = archiveOf(bench);
      const path = await create(synchro, archive.length);
      const last = await patch(synchro, path, 0, archive);
      needStatus(last, 200);
      const again = await patch(synchro, path, archive.length, Buffer.alloc(0));
      needEqual('the response', again.json, last.json);
    },
  },
  {
    id: 'resumable-wrong-offset',
    section: 'Error codes',
    sentence: '`offset-mismatch`',
    title: { en: 'A part at the wrong place', fr: 'Une partie au mauvais endroit' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const path = await create(synchro, 100);
      needProblem(await patch(synchro, path, 7, Buffer.from('abc')), 409, 'offset-mismatch');
    },
  },
  {
    id: 'resumable-type',
    section,
    sentence:
      'PATCH needs `Content-Type: application/offset+octet-stream`; any other is 415 `wrong-content-type`.',
    title: { en: 'A part of another type', fr: 'Une partie d’un autre type' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const path = await create(synchro, 100);
      const headers = { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/zip' };
      needProblem(
        await synchro.call(path, { method: 'PATCH', headers, body: 'abc' }),
        415,
        'wrong-content-type',
      );
    },
  },
  {
    id: 'resumable-deleted',
    section,
    sentence: '204; 400 once the upload is complete',
    title: { en: 'An upload that is given up', fr: 'Un envoi abandonné' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const path = await create(synchro, 100);
      needStatus(await synchro.call(path, { method: 'DELETE', headers: tus }), 204);
      needStatus(await synchro.call(path, { method: 'HEAD', headers: tus }), 404);
    },
  },
  {
    id: 'resumable-of-another-channel',
    section,
    sentence: 'An upload of another solution or of another channel is 404 `unknown-upload` too.',
    title: { en: 'An upload of another channel', fr: 'Un envoi d’un autre canal' },
    run: async (bench) => {
      const path = await create(await bench.idle('synchro'), 100);
      const sondes = await bench.idle('sondes');
      needProblem(await patch(sondes, path, 0, Buffer.from('abc')), 404, 'unknown-upload');
    },
  },
  {
    id: 'resumable-needs-status-0',
    section,
    sentence: 'needs status 0. 201 with `Location` (a path) and `Upload-Expires`; the channel stays at 0',
    title: { en: 'An upload that begins', fr: 'Un envoi qui commence' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const headers = { ...tus, 'Upload-Length': '100' };
      const created = await synchro.call('uploads', { method: 'POST', headers });
      needStatus(created, 201);
      need(headerOf(created, 'upload-expires') !== null, 'Upload-Expires', created.headers);
      await synchro.sync({});
      needProblem(await synchro.call('uploads', { method: 'POST', headers }), 403, 'wrong-status');
    },
  },
];

const archiveOf = (bench: Bench): Buffer =>
  bench.zip({ 'csv/Tbfridge.csv': 'Id,MeasuredAt,FridgeName,Temp\r\n' });

/** @returns the path below the channel. */
export async function create(there: ChannelWire, bytes: number): Promise<string> {
  const headers = { ...tus, 'Upload-Length': String(bytes) };
  const reply = await there.call('uploads', { method: 'POST', headers });
  needStatus(reply, 201);
  const [, path] = /\/(uploads\/[^/?]+)$/.exec(headerOf(reply, 'location') ?? '') ?? [];
  need(path !== undefined, 'Location', reply.headers);
  return path;
}

export function patch(there: ChannelWire, path: string, offset: number, body: Buffer): Promise<Reply> {
  const type = { 'Content-Type': 'application/offset+octet-stream' };
  const headers = { ...tus, ...type, 'Upload-Offset': String(offset) };
  return there.call(path, { method: 'PATCH', headers, body });
}
