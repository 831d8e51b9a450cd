import { createDatabaseListener, type DatabaseListener } from '../../shared/db/listen';
import { createLogger } from '../../shared/log';
import { eventually } from '../queue/eventually';
import { openProxy, type Proxy } from '../queue/proxy';
import { createTestDatabase, type TestDatabase } from '../setup/database';

const log = createLogger({ level: 'silent', name: 'listen-test' });

describe('notifications', () => {
  let database: TestDatabase;
  let proxy: Proxy;
  let notifications: DatabaseListener;
  beforeAll(async () => {
    database = await createTestDatabase();
    proxy = await openProxy(database.url);
  });
  afterAll(async () => {
    await proxy.close();
    await database.drop();
  });
  beforeEach(() => {
    notifications = createDatabaseListener({ url: proxy.url, log, checkEveryMs: 200, patienceMs: 500 });
  });
  afterEach(() => notifications.close());

  test('each listener of a channel gets its notifications, and no others', async () => {
    const [a, b, other] = [record('apples'), record('apples'), record('pears; "drop"')];
    await eventually('all listen', () => [a, b, other].every(({ events }) => events.length === 1));
    await say('apples', 'one');
    await say('pears; "drop"', 'two');
    await eventually('all have heard', () => [a, b, other].every(({ events }) => events.length === 2));
    expect(a.events).toEqual(['connected', 'one']);
    expect(b.events).toEqual(['connected', 'one']);
    expect(other.events).toEqual(['connected', 'two']);
  });

  test('only the new listener is called when it starts', async () => {
    const early = record('apples');
    await eventually('it listens', () => early.events.length === 1);
    const late = record('apples');
    await eventually('it is greeted', () => late.events.length === 1);
    expect(early.events).toEqual(['connected']);
  });

  test('a stopped listener gets no more notifications', async () => {
    const [gone, here] = [record('apples'), record('apples')];
    await eventually('both listen', () => gone.events.length === 1 && here.events.length === 1);
    gone.stop();
    await say('apples', 'one');
    await eventually('the other has heard', () => here.events.length === 2);
    expect(gone.events).toEqual(['connected']);
  });

  test('a lost connection is reported, and so is the next one', async () => {
    const { events } = record('apples');
    await eventually('it listens', () => notifications.isConnected() && events.length === 1);
    proxy.cut();
    await eventually('it listens again', () => events.length === 3);
    await say('apples', 'again');
    await eventually('it hears again', () => events.length === 4);
    expect(events).toEqual(['connected', 'lost', 'connected', 'again']);
  });

  test('a backend that the administrator ends is replaced', async () => {
    const { events } = record('apples');
    await eventually('it listens', () => events.length === 1);
    await database.db.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = 'epack-listen' and datname = current_database()`,
    );
    await eventually('it listens again', () => events.length === 3);
    expect(events).toEqual(['connected', 'lost', 'connected']);
  });

  test('a connection that has gone silent counts as lost', async () => {
    const { events } = record('apples');
    await eventually('it listens', () => events.length === 1);
    proxy.freeze();
    await eventually('the loss is told', () => events.includes('lost'));
    expect(notifications.isConnected()).toBe(false);
    proxy.thaw();
    await eventually('it listens again', () => notifications.isConnected() && events.length === 3);
    expect(events).toEqual(['connected', 'lost', 'connected']);
  });

  test('closing works, even if nothing can be reached', async () => {
    proxy.freeze();
    const { events } = record('apples');
    await notifications.close();
    proxy.thaw();
    expect(notifications.isConnected()).toBe(false);
    expect(events).toEqual([]);
  });

  function record(channel: string) {
    const events: string[] = [];
    const subscription = notifications.subscribe(channel, {
      onMessage: (payload) => events.push(payload),
      onReconnected: () => events.push('connected'),
      onLost: () => events.push('lost'),
    });
    return { events, stop: () => subscription.stop() };
  }

  async function say(channel: string, payload: string): Promise<void> {
    await database.db.raw('select pg_notify(?, ?)', [channel, payload]);
  }
});
