import { createExchange, type Exchange } from '../../client/http/exchange';
import { importFile, signInAsStaff } from '../../client/offline/import-file';
import { createProcesses, holdTable, type Processes, type RunningProcess } from '../faults/on-processes';
import { copyWith } from '../client/copies';
import { eventually } from '../queue/eventually';
import { call } from '../setup/solution-client';
import { fridgeLog } from '../v4/archive';
import { enrol } from '../v4/on-server';
import { exported } from './stick';

// The API is killed after it accepted an upload from a stick. Staff then take the same stick in again.

jest.setTimeout(180_000);

const staff = { email: 'admin@example.org', password: 'correct horse battery' };
let processes: Processes;
let api: RunningProcess;
let exchange: Exchange;
let close: () => void;
let token: string;

beforeAll(async () => {
  processes = await createProcesses({
    environment: {
      EPACK_ADMIN_EMAIL: staff.email,
      EPACK_ADMIN_PASSWORD: staff.password,
      // The channel of an upload whose process died is free after so long, and five seconds.
      EPACK_UPLOAD_IDLE_SECONDS: '3',
      EPACK_DISK_RESERVE_BYTES: '0',
    },
  });
  api = await processes.startApi();
  await processes.startWorker();
  ({ exchange, close } = createExchange(processes.url));
  await eventually('the API is ready', async () => (await call(`${processes.url}/readyz`)).status === 200);
  token = await signInAsStaff(exchange, staff);
});
afterAll(async () => {
  close();
  await processes.end();
});

async function stickOf() {
  const enrolled = await enrol(processes);
  const copy = await copyWith({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) });
  const file = await exported(copy, { ...enrolled, id: String(enrolled.id) });
  await copy.close();
  return { id: enrolled.id, file };
}

const takeIn = (file: string) =>
  importFile({ exchange, token, file, responseTo: `${file}.response`, maxWaitSeconds: 60 });

async function restart(): Promise<void> {
  await api.kill();
  api = await processes.startApi();
  await eventually('the API is ready', async () => (await call(`${processes.url}/readyz`)).status === 200);
}

async function expectTakenInOnce({ id, file }: { readonly id: number; readonly file: string }) {
  // The upload that died is given up first.
  await eventually('the same stick is taken in', async () => {
    const { channels } = await takeIn(file);
    return channels.every(({ outcome }) => outcome === 'accepted');
  });
  expect(await processes.db('sync').where({ solution_id: id })).toHaveLength(1);
  expect(await processes.db('tbfridge').where({ solution_id: id })).toHaveLength(3);
}

test('after the upload was accepted, before that is written down: the next time it is found again', async () => {
  const stick = await stickOf();
  const table = await holdTable(processes.db, 'offline_file_channel');
  const first = takeIn(stick.file).catch(() => null);
  await eventually('the upload is accepted', async () => {
    const syncs = await processes
      .db('sync')
      .where({ solution_id: stick.id })
      .whereNot({ state: 'receiving' });
    return syncs.length === 1;
  });
  await api.kill();
  // PostgreSQL would carry a statement out whose client is dead.
  await processes.db.raw(
    `select pg_terminate_backend(pid) from pg_locks where relation = 'offline_file_channel'::regclass and not granted`,
  );
  await table.release();
  expect(await first).toBeNull();
  await restart();
  await expectTakenInOnce(stick);
});
