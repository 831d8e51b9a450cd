import { createHash } from 'node:crypto';
import { epackSync, fridgeRows } from '../bench';
import type { Check } from '../check';
import { headerOf, member, need, needEqual, needProblem, needStatus, textMember } from '../expectations';

const section = 'GET /v4/{channel}/datas';

/** Fetching the instruction package, and what is in it. */
export const packageChecks: readonly Check[] = [
  {
    id: 'package-needs-status-2',
    section,
    sentence: 'Needs status 2; it stays 2.',
    title: {
      en: 'A package when there is none; the status after a download',
      fr: 'Un paquet absent ; le statut après un téléchargement',
    },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      needProblem(await synchro.call('datas'), 403, 'wrong-status');
      await synchro.sync({});
      needEqual('the status', await synchro.statut(), '2');
    },
  },
  {
    id: 'package-headers',
    section,
    sentence:
      '200 `application/zip`, `Content-Disposition: attachment; filename="sync_instructions.zip"`, `Epack-Sync`, `ETag` (the SHA-256 in hex), `Repr-Digest: sha-256=:<base64>:`.',
    title: { en: 'The headers of a package', fr: 'Les en-têtes d’un paquet' },
    run: async (bench) => {
      const { sync, reply } = await (await bench.idle('synchro')).sync({});
      const digest = createHash('sha256').update(reply.body).digest();
      needEqual('Content-Type', headerOf(reply, 'content-type'), 'application/zip');
      const disposition = headerOf(reply, 'content-disposition') ?? '';
      need(disposition.includes('sync_instructions.zip'), 'the name of the file', disposition);
      needEqual('Epack-Sync', epackSync(reply), sync);
      needEqual('ETag', headerOf(reply, 'etag'), `"${digest.toString('hex')}"`);
      needEqual('Repr-Digest', headerOf(reply, 'repr-digest'), `sha-256=:${digest.toString('base64')}:`);
    },
  },
  {
    id: 'package-same-bytes',
    section,
    sentence: 'It may be fetched as often as needed: the bytes are always the same for the same sync.',
    title: { en: 'A package fetched twice', fr: 'Un paquet téléchargé deux fois' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { reply } = await synchro.sync({});
      const again = await synchro.call('datas');
      need(again.body.equals(reply.body), 'the same bytes', `${again.body.length} other bytes`);
    },
  },
  {
    id: 'package-ranges',
    section,
    sentence: 'one byte range (206, `If-Range` honoured, 416 `range-not-satisfiable` beyond the end).',
    title: { en: 'A part of a package', fr: 'Une partie d’un paquet' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { reply } = await synchro.sync({});
      const part = await synchro.call('datas', { headers: { Range: 'bytes=10-' } });
      needStatus(part, 206);
      need(part.body.equals(reply.body.subarray(10)), 'the bytes from 10 on', `${part.body.length} bytes`);
      const size = reply.body.length;
      needEqual('Content-Range', headerOf(part, 'content-range'), `bytes 10-${size - 1}/${size}`);
      const other = { Range: 'bytes=10-', 'If-Range': '"another"' };
      needStatus(await synchro.call('datas', { headers: other }), 200);
      const beyond = await synchro.call('datas', { headers: { Range: `bytes=${size}-` } });
      needProblem(beyond, 416, 'range-not-satisfiable');
    },
  },
  {
    id: 'package-not-modified',
    section,
    sentence: 'The call supports HEAD, `If-None-Match` (304)',
    title: { en: 'A package that is known already', fr: 'Un paquet déjà connu' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { reply } = await synchro.sync({});
      const etag = headerOf(reply, 'etag') ?? '';
      needStatus(await synchro.call('datas', { headers: { 'If-None-Match': etag } }), 304);
    },
  },
  {
    id: 'package-manifest',
    section: 'The instruction package',
    sentence: '`files`: `[{name, op, count, sha256}]`, without itself and the report',
    title: { en: 'The manifest and its digests', fr: 'Le manifeste et ses empreintes' },
    run: async (bench) => {
      const { sync, manifest, files } = await (await bench.idle('photos')).sync({});
      needEqual('sync', member(manifest, 'sync'), sync);
      needEqual('channel', member(manifest, 'channel'), 'photos');
      needEqual('protocol', member(manifest, 'protocol'), 'ePack V4');
      const listed = member(manifest, 'files');
      need(Array.isArray(listed) && listed.length > 0, 'the array files', manifest);
      for (const file of listed) {
        const content = files.get(textMember(file, 'name'));
        need(content !== undefined, 'a listed file is in the package', file);
        const digest = createHash('sha256').update(content).digest('hex');
        needEqual('sha256', member(file, 'sha256'), digest);
      }
    },
  },
  {
    id: 'package-report',
    section: 'The instruction package',
    sentence: '`report.json`: `sync`, `outcome` (`processed`, `failed`)',
    title: { en: 'The report', fr: 'Le rapport' },
    run: async (bench) => {
      const { sync, report } = await (await bench.idle('synchro')).sync({});
      needEqual('sync', member(report, 'sync'), sync);
      needEqual('outcome', member(report, 'outcome'), 'processed');
      for (const name of ['params', 'logs', 'photos', 'rejections', 'ignored'])
        need(member(report, name) !== undefined, `the report has ${name}`, report);
    },
  },
  {
    id: 'package-photo-index',
    section: 'The instruction package',
    sentence:
      'in every package of `photos`: `Name,Sha256,Size,Width,Height,TakenAt` of every photo of the solution on the server',
    title: { en: 'The index of the photos', fr: 'L’index des photos' },
    run: async (bench) => {
      const { files } = await (await bench.idle('photos')).sync({});
      const index =
        files
          .get('csv/Photos-r.csv')
          ?.toString('utf8')
          .replace(/^\ufeff/, '') ?? '';
      const [header = ''] = index.split(/\r?\n/);
      needEqual('the header', header, 'Name,Sha256,Size,Width,Height,TakenAt');
    },
  },
  {
    id: 'sync-tells-its-state',
    section: 'GET /v4/{channel}/sync',
    sentence: '200: the sync in progress, or else the last one.',
    title: { en: 'What the server says about a sync', fr: 'Ce que le serveur dit d’une synchronisation' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const { sync, report } = await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id]) });
      const ready = (await synchro.call('sync')).json;
      needEqual('sync', member(ready, 'sync'), sync);
      needEqual('statut', member(ready, 'statut'), '2');
      needEqual('state', member(ready, 'state'), 'ready');
      needEqual('the report of the call', member(ready, 'report', 'logs'), member(report, 'logs'));
      await synchro.confirm();
      needEqual('state', member((await synchro.call('sync')).json, 'state'), 'confirmed');
    },
  },
];
