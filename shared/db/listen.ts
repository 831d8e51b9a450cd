import { Socket } from 'node:net';
import { Client, escapeIdentifier } from 'pg';
import type { Logger } from '../log';
import { keepOpen, type HeldConnection } from '../connections/keep-open';
import { within } from '../connections/within';
import { keptAlive } from './connection';
import { chooseServer, type ServerChoice } from './server-choice';

/** Receives the notifications of PostgreSQL. All listeners of the process share one connection. */
export interface DatabaseListener {
  /** Listens to a channel until stopped. */
  subscribe(channel: string, listener: ChannelListener): Subscription;
  /** False while messages may be missed. It does not ask the database. */
  isConnected(): boolean;
  close(): Promise<void>;
}

/** Callbacks of a listener; none may throw. A message may come just before `onReconnected`. */
export interface ChannelListener {
  readonly onMessage: (payload: string) => void;
  /**
   * From now on, no message is missed. Earlier messages may have been missed, so read again what is kept in memory.
   * Every change that is committed after this call is notified.
   */
  readonly onReconnected: () => void;
  /** From now on messages may be missed, until `onReconnected`. Not called before the first connection. */
  readonly onLost?: () => void;
}

export interface Subscription {
  /** No callback is called after this. */
  stop(): void;
}

export interface DatabaseListenerOptions {
  readonly url: string;
  readonly log: Logger;
  readonly applicationName?: string;
  /**
   * How often the connection is checked. A dead connection is silent, and so is a healthy one without notifications.
   */
  readonly checkEveryMs?: number;
  /** A check or a connection that takes longer has failed. */
  readonly patienceMs?: number;
  /**
   * The connection was lost without being closed. Other connections to the same server may be dead too, without a sign
   * of it.
   */
  readonly onLost?: () => void;
}

/** Connects in the background, and again whenever the connection is lost. The URL must not lead to a pooler in transaction mode. */
export function createDatabaseListener(options: DatabaseListenerOptions): DatabaseListener {
  const listeners = new Map<string, Set<ChannelListener>>();
  const servers = chooseServer(options.url);
  let isClosing = false;
  const connection = keepOpen({
    what: "The connection for PostgreSQL's notifications",
    log: options.log,
    open: () => openListening(servers, options, tell),
    onOpened: (session) => {
      for (const [channel, known] of listeners) void greet(session, channel, [...known]);
    },
    onLost: () => {
      if (!isClosing) options.onLost?.();
      for (const listener of everyListener()) listener.onLost?.();
    },
  });
  return {
    subscribe,
    isConnected: () => connection.current()?.listening() ?? false,
    close: () => {
      isClosing = true;
      return connection.close();
    },
  };

  function subscribe(channel: string, listener: ChannelListener): Subscription {
    listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
    const session = connection.current();
    if (session !== null) void greet(session, channel, [listener]);
    return { stop: () => listeners.get(channel)?.delete(listener) };
  }

  /** If the connection is lost again before a listener is greeted, the listener is not greeted. */
  async function greet(
    session: ListeningSession,
    channel: string,
    newcomers: readonly ChannelListener[],
  ): Promise<void> {
    const heard = await session.listen(channel);
    if (!heard || connection.current() !== session) return;
    for (const listener of newcomers) if (listeners.get(channel)?.has(listener)) listener.onReconnected();
  }

  function tell(channel: string, payload: string): void {
    for (const listener of listeners.get(channel) ?? []) listener.onMessage(payload);
  }

  function everyListener(): ChannelListener[] {
    return [...listeners.values()].flatMap((set) => [...set]);
  }
}

interface ListeningSession extends HeldConnection {
  /** False where the session was lost instead. */
  listen(channel: string): Promise<boolean>;
  /** True once it listens to all that it was asked to. */
  listening(): boolean;
}

async function openListening(
  servers: ServerChoice,
  { applicationName = 'epack-listen', checkEveryMs = 2_000, patienceMs = 4_000 }: DatabaseListenerOptions,
  tell: (channel: string, payload: string) => void,
): Promise<ListeningSession> {
  const client = await servers.connect((url) => openSession({ url, applicationName, patienceMs }));
  const { socket, lost } = client;
  client.on('notification', ({ channel, payload = '' }) => tell(channel, payload));
  let last: Promise<unknown> = Promise.resolve();
  let unheard = 0;
  let checking = false;
  const timer = setInterval(() => void check(), checkEveryMs);
  void lost.then(() => {
    clearInterval(timer);
    socket.destroy();
  });
  return {
    lost,
    listen,
    listening: () => unheard === 0,
    close,
  };

  async function listen(channel: string): Promise<boolean> {
    unheard++;
    const heard = await run(`listen ${escapeIdentifier(channel)}`);
    if (heard) unheard--;
    return heard;
  }

  async function check(): Promise<void> {
    if (checking) return;
    checking = true;
    checking = !(await run('select 1'));
  }

  /** Runs one statement at a time. A statement that fails ends the session, because every statement here must work. */
  async function run(sql: string): Promise<boolean> {
    const turn = last.then(() => within(patienceMs, sql, client.query(sql)));
    last = turn;
    try {
      await turn;
      return true;
    } catch (error) {
      socket.destroy(error instanceof Error ? error : new Error(String(error)));
      return false;
    }
  }

  async function close(): Promise<void> {
    clearInterval(timer);
    await within(patienceMs, 'closing', client.end()).catch(() => socket.destroy());
  }
}

interface SessionOptions {
  readonly url: string;
  readonly applicationName: string;
  readonly patienceMs: number;
}

/** `lost` resolves when the connection is lost. */
async function openSession({ url, applicationName, patienceMs }: SessionOptions) {
  // We open the socket ourselves, because only its owner can end a connection whose other side does not answer.
  const socket = new Socket();
  const client = new Client({
    connectionString: url,
    application_name: applicationName,
    connectionTimeoutMillis: patienceMs,
    ...keptAlive,
    stream: () => socket,
  });
  const lost = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('PostgreSQL closed the connection')));
  });
  try {
    await client.connect();
  } catch (error) {
    socket.destroy();
    throw error;
  }
  return Object.assign(client, { socket, lost });
}
