import { fridgeFile } from '../bench';
import type { Check } from '../check';
import { member, need, needEqual, needProblem, needStatus } from '../expectations';

const section = 'POST /v4/{channel}/confirm';

/** Confirming a package. */
export const confirmChecks: readonly Check[] = [
  {
    id: 'confirm-empty-body',
    section,
    sentence: 'an empty body (no byte at all) or `{}` confirms the current package in full.',
    title: { en: 'A confirmation without a body', fr: 'Une confirmation sans corps' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      for (const body of [undefined, {}]) {
        await synchro.sync({});
        const reply = await synchro.confirm(body);
        needStatus(reply, 200);
        needEqual('the body', reply.json, { statut: '0' });
        needEqual('the status', await synchro.statut(), '0');
      }
    },
  },
  {
    id: 'confirm-twice',
    section,
    sentence: 'To confirm the last confirmed sync again is 200 and changes nothing.',
    title: { en: 'A confirmation that is repeated', fr: 'Une confirmation répétée' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { sync } = await synchro.sync({});
      needStatus(await synchro.confirm({ sync }), 200);
      needStatus(await synchro.confirm({ sync }), 200);
      needEqual('the status', await synchro.statut(), '0');
    },
  },
  {
    id: 'confirm-other-sync',
    section,
    sentence: 'A sync other than the current one is 409 `other-sync` with the member `sync`.',
    title: { en: 'The confirmation of another sync', fr: 'La confirmation d’une autre synchronisation' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const { sync } = await synchro.sync({});
      const reply = await synchro.confirm({ sync: '00000000-0000-4000-8000-000000000000' });
      needProblem(reply, 409, 'other-sync');
      needEqual('sync', member(reply.json, 'sync'), sync);
      needEqual('the status', await synchro.statut(), '2');
    },
  },
  {
    id: 'confirm-nothing',
    section,
    sentence: 'If there is nothing to confirm, it is 403 `wrong-status`.',
    title: { en: 'A confirmation of nothing', fr: 'Une confirmation sans objet' },
    run: async (bench) => needProblem(await (await bench.idle('synchro')).confirm(), 403, 'wrong-status'),
  },
  {
    id: 'confirm-bad-body',
    section,
    sentence:
      'Any other body that is not such an object, `null` and blanks included, is 400 `bad-request` and confirms nothing.',
    title: { en: 'A confirmation that cannot be read', fr: 'Une confirmation illisible' },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      await synchro.sync({});
      for (const body of ['null', ' ', '[]', '{"failed": 7}'])
        needProblem(await synchro.call('confirm', { method: 'POST', body }), 400, 'bad-request');
      needEqual('the status', await synchro.statut(), '2');
    },
  },
  {
    id: 'confirm-failed-comes-again',
    section,
    sentence: 'A failed instruction goes into the next package, and staff see its reason.',
    title: {
      en: 'An instruction that could not be carried out',
      fr: 'Une instruction qui n’a pas pu être exécutée',
    },
    run: async (bench) => {
      const synchro = await bench.idle('synchro');
      const id = bench.freshId();
      await synchro.sync({ 'xml/Fridges.xml': fridgeFile(id) });
      await synchro.confirm();
      const { sync, files } = await synchro.sync({ 'xml/Fridges.xml': fridgeFile(id, { isActive: false }) });
      need(holds(files.get('xml/Fridges-d.xml'), id), 'a deletion comes back as an instruction', [
        ...files.keys(),
      ]);
      const failed = [{ file: 'xml/Fridges-d.xml', id, reason: 'conformance' }];
      needStatus(await synchro.confirm({ sync, failed }), 200);
      const next = await synchro.sync({});
      need(holds(next.files.get('xml/Fridges-d.xml'), id), 'the failed instruction comes again', [
        ...next.files.keys(),
      ]);
      await synchro.confirm();
      const last = await synchro.sync({});
      need(!holds(last.files.get('xml/Fridges-d.xml'), id), 'a confirmed instruction is done', [
        ...last.files.keys(),
      ]);
    },
  },
];

const holds = (file: Buffer | undefined, id: string): boolean =>
  file?.toString('utf8').includes(`<Id>${id}</Id>`) ?? false;
