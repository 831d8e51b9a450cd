import { type Bench, epackSync, fridgeRows, rejectedCodes } from '../bench';
import type { Check } from '../check';
import { headerOf, member, need, needEqual, needProblem, needStatus } from '../expectations';

const statut = 'GET /v4/{channel}/statut';
const lastIds = 'GET /v4/{channel}/lastIdLogs';
const parameters = 'GET /v4/{channel}/listSyncParams';

/** The questions before an upload. */
export const handshakeChecks: readonly Check[] = [
  {
    id: 'statut-string',
    section: statut,
    sentence: '200, a JSON string: `"0"`, `"1"` or `"2"`.',
    title: { en: 'The status of each channel', fr: 'Le statut de chaque canal' },
    run: async (bench) => {
      for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'] as const) {
        const reply = await (await bench.on(channel)).call('statut');
        needStatus(reply, 200);
        need(
          ['0', '1', '2'].includes(String(reply.json)) && typeof reply.json === 'string',
          'a status',
          reply.text,
        );
      }
    },
  },
  {
    id: 'statut-names-the-sync',
    section: statut,
    sentence: '`Epack-Sync`: the sync in progress, or else the last one; absent before the first.',
    title: { en: 'The sync that the status is about', fr: 'La synchronisation dont parle le statut' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { sync } = await synchro.sync({});
      needEqual('Epack-Sync', epackSync(await synchro.call('statut')), sync);
      await synchro.confirm();
      needEqual('Epack-Sync', epackSync(await synchro.call('statut')), sync);
    },
  },
  {
    id: 'statut-returns-at-once',
    section: statut,
    sentence:
      'returns as soon as the status differs from N, or after S seconds with the status of that moment.',
    title: { en: 'Waiting for a change of the status', fr: 'Attendre un changement de statut' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const startedAt = Date.now();
      const reply = await synchro.call('statut?wait=60&not=1');
      needEqual('the status', reply.json, '0');
      const seconds = Math.round((Date.now() - startedAt) / 1000);
      need(seconds < 30, 'a status that differs is returned at once', `after ${seconds} s`);
      needEqual('the status after a second', (await synchro.call('statut?wait=1&not=0')).json, '0');
    },
  },
  {
    id: 'statut-bad-wait',
    section: statut,
    sentence: 'Any other value of the two is 400 `bad-request`. Other parameters are ignored.',
    title: { en: 'Senseless values of wait and not', fr: 'Des valeurs absurdes de wait et not' },
    run: async (bench) => {
      const synchro = await bench.on('synchro');
      for (const query of ['wait=0', 'wait=61', 'wait=x', 'wait=1&not=3'])
        needProblem(await synchro.call(`statut?${query}`), 400, 'bad-request');
      needStatus(await synchro.call('statut?colour=blue'), 200);
    },
  },
  {
    id: 'statut-not-alone',
    section: statut,
    sentence: '`not` without `wait` changes nothing.',
    title: { en: 'The parameter not alone', fr: 'Le paramètre not seul' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const reply = await synchro.call('statut?not=0');
      needEqual('the status', reply.json, '0');
    },
  },
  {
    id: 'poll-after',
    section: statut,
    sentence: '`Epack-Poll-After`: the number of seconds after which the next poll makes sense.',
    title: { en: 'The advice when to ask again', fr: 'Le conseil sur la prochaine question' },
    run: async (bench) => {
      const advice = headerOf(await (await bench.on('synchro')).call('statut'), 'epack-poll-after') ?? '';
      need(/^[1-9]\d*$/.test(advice), 'Epack-Poll-After in whole seconds', advice);
    },
  },
  {
    id: 'last-ids-are-strings',
    section: lastIds,
    sentence:
      'an object with every log table of the channel and the highest `Id` that the server has ever seen in that table, as a **string**, or `"-1"`.',
    title: { en: 'The highest ids', fr: 'Les identifiants les plus hauts' },
    run: async (bench) => {
      const { json } = await (await bench.idle('synchro')).call('lastIdLogs');
      need(typeof json === 'object' && json !== null && !Array.isArray(json), 'an object', json);
      const ids: unknown[] = Object.values(json);
      need(ids.length > 0, 'every log table', json);
      need(
        ids.every((id) => typeof id === 'string' && /^(-1|\d+)$/.test(id)),
        'ids as strings',
        json,
      );
    },
  },
  {
    id: 'last-ids-of-photos',
    section: lastIds,
    sentence: '`photos` has no log table: `{}`.',
    title: { en: 'The highest ids of photos', fr: 'Les identifiants du canal photos' },
    run: async (bench) =>
      needEqual('lastIdLogs', (await (await bench.idle('photos')).call('lastIdLogs')).json, {}),
  },
  {
    id: 'last-ids-follow',
    section: lastIds,
    sentence: 'Send the rows above it.',
    title: {
      en: 'The highest id after new rows',
      fr: 'L’identifiant le plus haut après de nouvelles lignes',
    },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 3n;
      await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id - 1n, id]) });
      await synchro.confirm();
      needEqual('the highest id', String(await synchro.highestId('Tbfridge')), String(id));
    },
  },
  {
    id: 'last-ids-of-rejected-rows',
    section: 'Logs',
    sentence: '`lastIdLogs` includes rejected rows until they are discarded, if their `Id` could be read',
    title: { en: 'The highest id of a refused row', fr: 'L’identifiant d’une ligne refusée' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const { report } = await synchro.sync({ 'csv/Tbfridge.csv': fridgeRows([id], 'warm') });
      needEqual('the rejection', rejectedCodes(report), ['bad-value']);
      await synchro.confirm();
      needEqual('the highest id', String(await synchro.highestId('Tbfridge')), String(id));
    },
  },
  {
    id: 'id-jump',
    section: 'Logs',
    sentence: 'Such a row does not raise `lastIdLogs` until staff process it again unchanged',
    title: { en: 'An id far above the others', fr: 'Un identifiant très au-dessus des autres' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = (await synchro.highestId('Tbfridge')) + 1n;
      const rows = fridgeRows([id, id + 5_000_000n]);
      const { report } = await synchro.sync({ 'csv/Tbfridge.csv': rows });
      needEqual('the rejection', rejectedCodes(report), ['id-jump']);
      await synchro.confirm();
      needEqual('the highest id', String(await synchro.highestId('Tbfridge')), String(id));
    },
  },
  {
    id: 'last-ids-need-status-0',
    section: lastIds,
    sentence: 'Needs status 0.',
    title: { en: 'The highest ids during a sync', fr: 'Les identifiants pendant une synchronisation' },
    run: (bench) => needsStatus0(bench, 'lastIdLogs'),
  },
  {
    id: 'wrong-status-tells-it',
    section: 'Error codes',
    sentence: '`statut`, a string',
    title: { en: 'The status in an error', fr: 'Le statut dans une erreur' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      await synchro.sync({});
      needEqual('statut', member((await synchro.post(bench.zip({}))).json, 'statut'), '2');
    },
  },
  {
    id: 'parameters-list',
    section: parameters,
    sentence: '200, an array of file names, in the order of the catalogue',
    title: { en: 'The parameter files to send', fr: 'Les fichiers de paramètres à envoyer' },
    run: async (bench) => {
      const { json } = await (await bench.idle('synchro')).call('listSyncParams');
      need(Array.isArray(json) && json.length > 0, 'an array of names', json);
      need(
        json.every((name) => typeof name === 'string' && /^\w+\.xml$/.test(name)),
        'names of files',
        json,
      );
    },
  },
  {
    id: 'parameters-of-other-channels',
    section: parameters,
    sentence: 'Only `synchro` has classes; the other channels return `[]`.',
    title: {
      en: 'The parameter files of other channels',
      fr: 'Les fichiers de paramètres des autres canaux',
    },
    run: async (bench) => {
      for (const channel of ['sondes', 'messagerie', 'photos'] as const)
        needEqual(channel, (await (await bench.idle(channel)).call('listSyncParams')).json, []);
    },
  },
  {
    id: 'parameters-need-status-0',
    section: parameters,
    sentence: 'Needs status 0.',
    title: {
      en: 'The parameter files during a sync',
      fr: 'Les fichiers de paramètres pendant une synchronisation',
    },
    run: (bench) => needsStatus0(bench, 'listSyncParams'),
  },
];

async function needsStatus0(bench: Bench, call: string): Promise<void> {
  const synchro = await bench.idle('synchro');
  await synchro.sync({});
  needProblem(await synchro.call(call), 403, 'wrong-status');
}
