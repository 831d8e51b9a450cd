import { createApprovalStore } from '../../shared/stores/parameters/approval-store';
import { createApprovalService } from '../../api/backoffice/services/approvals';
import { commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { approvalsOf, stored } from './edits';
import { declared, openKitchen, type Sent } from './kitchen';
import { startTestServer, type TestServer } from '../setup/server';

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await server.startWorker();
});
afterAll(() => server.stop());

test('a running worker carries a decision out by itself', async () => {
  const kitchen = await openKitchen(server.db, declared('Fridges'));
  const all = Array.from({ length: 20 }, (_, index): Sent => ({ id: `${index}`, fields: { Name: 'F' } }));
  await kitchen.syncAndConfirm(all);
  await kitchen.syncAndConfirm(all.map(({ id }) => ({ id, isActive: false })));
  const [open] = await approvalsOf(server.db, kitchen);
  const approvals = createApprovalStore(server.db);
  await createApprovalService(openStoreAccess(server.db)).decide(
    commandLineCaller,
    open?.id ?? '',
    'approve',
  );
  while ((await approvals.find(open?.id ?? ''))?.appliedAt === null)
    await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await approvals.find(open?.id ?? '')).toMatchObject({ applied: 20, released: 0 });
  expect(await stored(server.db, kitchen, '7')).toMatchObject({
    isActive: false,
    updatedBy: commandLineCaller.email,
  });
});
