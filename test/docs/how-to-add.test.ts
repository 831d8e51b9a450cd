import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { Readable } from 'node:stream';
import { Cron } from 'croner';
import express, { type Express } from 'express';
import { z } from 'zod';
import { createStaffCheck } from '../../api/backoffice/http/authentication';
import { renderPage } from '../../api/backoffice/console/render';
import { english } from '../../api/backoffice/console/words/english';
import { french } from '../../api/backoffice/console/words/french';
import { createSessionService } from '../../api/backoffice/services/session';
import { createProblemHandler } from '../../api/http/problem';
import { mountRoutes, type Route } from '../../api/http/route';
import { createOpenApiDocument } from '../../api/openapi/document';
import { createClosingDayRoutes } from '../../docs/architecture/examples/closing-day-calls';
import { closingDaysPage } from '../../docs/architecture/examples/closing-day-page';
import { createClosingDayService } from '../../docs/architecture/examples/closing-day-service';
import { createClosingDayStore } from '../../docs/architecture/examples/closing-day-store';
import { closingDaysEnglish, closingDaysFrench } from '../../docs/architecture/examples/closing-day-words';
import { createNotebookConnector } from '../../docs/architecture/examples/connector';
import { removePastClosingDays, removePastClosingDaysPolicy } from '../../docs/architecture/examples/job';
import { iceMachines } from '../../docs/architecture/examples/log-table';
import { iceMachineSettings } from '../../docs/architecture/examples/parameter-class';
import { notebook } from '../../docs/architecture/examples/system-kind';
import { type Db, inTransaction } from '../../shared/db/database';
import { usualSignInRules } from '../../shared/domain/sign-in-rules';
import { commandLineCaller } from '../../shared/domain/staff';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { writeEntities } from '../../shared/formats/xml-writer';
import { createLogger } from '../../shared/log';
import { jobKinds } from '../../shared/domain/job-kind';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { type AllStores, openStoreAccess } from '../../shared/stores/store-access';
import { noTracing } from '../../shared/tracing';
import { createConsumer } from '../../worker/jobs/consumer';
import type { JobHandler, JobHandlers } from '../../worker/jobs/kinds';
import { loadLogFile } from '../../worker/solution-sync/logs/load-log-file';
import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { createLogDatabase, type LogDatabase } from '../logs/log-database';
import { createJudge } from '../openapi/judge';
import { createTestFolder } from '../setup/folder';
import { describeSystem, plainStage } from '../systems/contract';
import { testOutside } from '../systems/outside';
import { fencesOf, pageOf, root } from './markdown';

// docs/architecture/how-to-add.md: its examples are files, which the compiler and the linter check like all others.

const log = createLogger({ level: 'silent', name: 'test', to: 'stderr' });
const folder = path.join(root, 'docs/architecture/examples');
const page = pageOf('docs/architecture/how-to-add.md');

describe('the page', () => {
  const quoted = fencesOf(page).flatMap(({ info, content }) => {
    const [, file] = info.split(' ');
    return file === undefined ? [] : [{ file, content }];
  });

  test.each(quoted)('quotes $file as it is', ({ file, content }) => {
    expect(content).toBe(readFileSync(path.join(root, 'docs/architecture', file), 'utf8'));
  });

  test('shows every example', () => {
    const shown = [...page.text.matchAll(/examples\/[\w.-]+\w/g)].map(([name]) => path.basename(name));
    expect([...new Set(shown)].sort()).toEqual(readdirSync(folder).sort());
  });

  test('names only files that exist', () => {
    const named = [...page.text.matchAll(/`((?:api|worker|shared|test|migrations)\/[\w./-]+)`/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
  });
});

interface Migration {
  up(db: Db): Promise<unknown>;
  down(db: Db): Promise<unknown>;
}

/** As the migrations of the project: plain JavaScript. */
const migration = (name: string): Migration =>
  z
    .object({
      up: z.custom<Migration['up']>((one) => typeof one === 'function'),
      down: z.custom<Migration['down']>((one) => typeof one === 'function'),
    })
    .parse(jest.requireActual(path.join(folder, `${name}.migration.js`)));

describe('a log table', () => {
  let log: LogDatabase;
  beforeAll(async () => (log = await createLogDatabase()));
  afterAll(() => log.drop());

  test('of the example takes the rows that a solution sends', async () => {
    await migration('log-table').up(log.db);
    const csv = 'Id,MeasuredAt,MachineName,WaterTemp,Rinsed\n7,2026-11-30 08:00:00,Bar,3.5,yes\n';
    const input = {
      solutionId: log.solutionId,
      timezone: 'Europe/Paris',
      table: iceMachines,
      file: { name: 'csv/Tbicemachine.csv', open: () => Promise.resolve(Readable.from([Buffer.from(csv)])) },
    };
    const counts = await inTransaction(log.db, (transaction) =>
      loadLogFile(transaction, input, () => Promise.resolve()),
    );
    expect(counts).toEqual({ inserted: 1, duplicates: 0, rejected: 0 });
    expect(await log.db('tbicemachine').select('id', 'machine_name', 'water_temp', 'extra')).toEqual([
      { id: '7', machine_name: 'Bar', water_temp: 3.5, extra: { Rinsed: 'yes' } },
    ]);
    await migration('log-table').down(log.db);
  });

  test('for a channel gives each solution a status, and can be undone', async () => {
    const stocks = () => log.db('channel_status').where({ channel: 'stocks' }).count();
    await migration('channel').up(log.db);
    expect(await stocks()).toEqual([{ count: '1' }]);
    await migration('channel').down(log.db);
    expect(await stocks()).toEqual([{ count: '0' }]);
  });
});

test('the parameter class of the example is written to a file, and read from it', async () => {
  const fields = { Name: 'Bar', Water: 'filtered' };
  const file = [...writeEntities(iceMachineSettings, [entity(fields)])].join('');
  expect(file).toContain('<DefIceMachines>');
  const read = [];
  for await (const one of readEntities(Readable.from([Buffer.from(file)]))) read.push(one);
  const [first] = read;
  if (first?.kind !== 'entity') throw new Error('the file has no entity');
  expect(decodeFields(iceMachineSettings, first.fields)).toEqual({ fields, problems: [] });
  const wrong = decodeFields(iceMachineSettings, { Water: 'salted' });
  expect(wrong.problems).toMatchObject([{ field: 'Water' }]);
});

const entity = (fields: Record<string, string>) => ({
  id: '1',
  idServer: '1',
  ts: null,
  isActive: true,
  fields,
});

describe('a back-office subject', () => {
  let backoffice: TestBackoffice;
  let solution: string;
  let url: string;
  let close: () => Promise<void>;
  let judge: ReturnType<typeof createJudge>;

  beforeAll(async () => {
    backoffice = await startBackoffice();
    await migration('closing-days').up(backoffice.db);
    solution = (await newKitchen(backoffice)).solution;
    const routes = createClosingDayRoutes(serviceOn(backoffice.db));
    judge = createJudge(createOpenApiDocument(routes));
    ({ url, close } = await listening(appOf(backoffice.db, routes)));
  });
  afterAll(async () => {
    await close();
    await backoffice.stop();
  });

  const christmas = { day: '2026-12-25', reason: 'Christmas' };

  test('of the example returns what its calls declare, and checks who may call them', async () => {
    const days = `/api/solutions/${solution}/closing-days`;
    const viewer = await backoffice.signIn('viewer');
    expect(await call(backoffice.admin.token, 'POST', days, christmas)).toMatchObject({ status: 201 });
    expect(await call(backoffice.admin.token, 'POST', days, christmas)).toMatchObject({ status: 409 });
    const never = { day: 'never', reason: 'x' };
    expect(await call(backoffice.admin.token, 'POST', days, never)).toMatchObject({ status: 400 });
    const listed = await call(backoffice.admin.token, 'GET', days);
    expect(listed).toMatchObject({ status: 200, body: { items: [christmas] } });
    expect(await call(viewer.token, 'GET', days)).toMatchObject({ status: 404 });
    expect(await call('nobody', 'GET', days)).toMatchObject({ status: 401 });
    const trail = await backoffice.admin.call('GET', `/api/audit?solution=${solution}`);
    expect(trail.at('items', 0, 'after')).toEqual(christmas);
  });

  test('of the example has a page in both languages', () => {
    const visit = {
      caller: commandLineCaller,
      csrf: { token: randomUUID(), page: '/', written: null },
      path: '/',
      waiting: { alerts: 0, quarantine: 0, conflicts: 0, approvals: 0 },
      isPasswordAlone: false,
      done: null,
    };
    const inFrench = { ...visit, words: { ...french, ...closingDaysFrench } };
    const inEnglish = { ...visit, words: { ...english, ...closingDaysEnglish } };
    const french25 = renderPage(closingDaysPage(inFrench, [{ ...christmas, reason: 'Noël & <fête>' }]));
    expect(french25).toContain('Jours de fermeture');
    expect(french25).toContain('Noël &amp; &lt;fête>');
    expect(renderPage(closingDaysPage(inEnglish, []))).toContain('The kitchen is never closed');
  });

  test('has a job, which a worker runs, and which is due at night', async () => {
    const { db } = backoffice;
    const days = createClosingDayStore(db);
    await days.add(Number(solution), { day: '2001-01-01', reason: 'Long ago' });
    await workOn(db, removePastClosingDays(db));
    expect((await days.list(Number(solution))).map(({ day }) => day)).not.toContain('2001-01-01');
    const { cron } = removePastClosingDaysPolicy;
    const next = new Cron(cron ?? '', { timezone: 'UTC' }).nextRun(new Date('2026-11-30T12:00:00Z'));
    expect(next).toEqual(new Date('2026-12-01T03:19:00Z'));
  });

  async function call(token: string, method: string, where: string, body?: unknown) {
    const response = await fetch(`${url}${where}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type');
    const answer = { method, path: where, status: response.status, contentType, text };
    expect(judge.judge(answer).mistakes).toEqual([]);
    return { status: response.status, body: z.unknown().parse(JSON.parse(text)) };
  }
});

function serviceOn(db: Db) {
  const storesOn = (on: Db) => ({
    ...rightsOf(openStoreAccess(on).stores),
    closingDays: createClosingDayStore(on),
  });
  return createClosingDayService({
    stores: storesOn(db),
    transaction: (run) => inTransaction(db, ({ db: transaction }) => run(storesOn(transaction))),
  });
}

/** The stores that the example needs. */
const rightsOf = ({ audit, solutionAdmin }: AllStores) => ({ audit, solutionAdmin });

/** The calls of the example on a server of their own. */
function appOf(db: Db, routes: readonly Route[]): Express {
  const app = express();
  const check = createStaffCheck(createSessionService({ ...openStoreAccess(db), rules: usualSignInRules }));
  mountRoutes(app, routes, () => [check]);
  app.use(createProblemHandler(log));
  return app;
}

async function listening(app: Express): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Adds a job and lets a worker run it: in place of a kind that there is, because the example is none yet. */
async function workOn(db: Db, handler: JobHandler): Promise<void> {
  const kind = 'upkeep.remove-old-readings';
  const idle: JobHandler = { run: () => Promise.resolve('done') };
  const handlers = Object.fromEntries(jobKinds.map((one) => [one, one === kind ? handler : idle]));
  const consume = createConsumer({
    jobs: createJobStore(db),
    schedules: createScheduleStore(db),
    handlers: handlers as JobHandlers,
    watch: { begun: () => undefined, ended: () => undefined },
    tracer: noTracing,
    log,
    leaseSeconds: 60,
    maxAttempts: 1,
  });
  await createJobStore(db).add({ kind, subject: 'example' });
  const job = await db<{ id: string; kind: string; subject: string }>('job')
    .where({ kind, subject: 'example' })
    .first('id');
  expect(await consume({ version: 1, jobId: job?.id ?? '' })).toBe('done');
  expect(await db('job').where({ kind, subject: 'example' })).toEqual([]);
}

const openNotebook = (inFolder: string) =>
  createNotebookConnector().open(
    {
      config: { folder: inFolder },
      end: { book: 'suppliers' },
      fields: [],
      overlapMinutes: 0,
      secrets: [],
    },
    testOutside(),
  );

describe('a kind of system', () => {
  test('says what its settings must be', () => {
    expect(notebook.settings.safeParse({ folder: '/srv' }).success).toBe(true);
    expect(notebook.end.safeParse({ book: '../secrets' }).success).toBe(false);
  });

  test('whose data cannot be reached does not count as empty, and its probe says so', async () => {
    const system = await openNotebook(createTestFolder().path);
    const { signal } = new AbortController();
    await expect(system.fetch(['1'], signal)).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await system.probe(signal)).toMatchObject({ ok: false, findings: [{ code: 'unreadable' }] });
  });
});

describeSystem('the connector of the example', async () => {
  const inFolder = createTestFolder().path;
  writeFileSync(path.join(inFolder, 'suppliers.json'), '{}');
  return plainStage(await openNotebook(inFolder));
});
