import { planSync } from '../../worker/main';
import { classFile, copyWith, fridge } from '../client/copies';
import { programOf, type RealServer, startRealServer } from '../client/real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const plan = (syncId: string) =>
  planSync({ ...real.server.config, databaseUrl: real.server.databaseUrl }, syncId);

describe('epack plan', () => {
  test('shows what a waiting upload would do, and does none of it', async () => {
    const enrolled = await real.enrol();
    const files = { 'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Chambre froide 1')) };
    await real.server.stopWorker();
    let told = (_syncId: string): void => undefined;
    const accepted = new Promise<string>((resolve) => (told = resolve));
    const program = programOf(real, enrolled, await copyWith(files), {
      pollSeconds: 1,
      onEvent: (event) => {
        if (event.kind === 'accepted') told(event.sync);
      },
    });
    const synchronising = program.sync('synchro');
    const syncId = await accepted;
    const lines = await plan(syncId);
    expect(lines).toMatchObject([{ className: 'Fridges', id: '1', verdict: 'created' }]);
    expect(await real.backoffice.parameters(enrolled.id, 'Fridges')).toEqual([]);
    await real.server.startWorker();
    expect((await synchronising).report?.params['Fridges']).toMatchObject({ inserted: 1 });
    expect(await plan(syncId)).toEqual([]);
  });

  test('refuses any other upload', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000';
    await expect(plan(nobody)).rejects.toMatchObject({ code: 'not-found' });
  });
});
