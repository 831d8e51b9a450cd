import type { Client, QueryResult } from 'pg';

/** A connection as a transaction uses it. */
export interface TransactionConnection {
  readonly client: Client;
  /** The next statement is sent together with the COMMIT. If the statement fails, the transaction is rolled back. */
  readonly commitWithNext: () => void;
}

/** What the transaction of knex sends by itself. */
const isBegin = (text: string | null) => text === 'BEGIN;';
const isEnd = (text: string | null) => text === 'COMMIT;' || text === 'ROLLBACK';

/**
 * The connection for a transaction of knex, which spares it round trips: BEGIN is sent together with the first statement,
 * and COMMIT together with the last one, where `commitWithNext` says which that is. A transaction without a statement sends
 * nothing. `canPipeline` false: each is still sent by itself, for a pooler between us and PostgreSQL.
 */
export function transactionConnection(real: Client, canPipeline: boolean): TransactionConnection {
  let isBegun = false;
  let isCommitted = false;
  let commitsWithNext = false;
  const client = new Proxy(real, {
    get: (target, name): unknown => (name === 'query' ? query : Reflect.get(target, name)),
  });
  return { client, commitWithNext: () => (commitsWithNext = true) };

  function query(...args: unknown[]): unknown {
    const [statement, ...rest] = args;
    const text = typeof statement === 'string' ? statement : textOf(statement);
    if (isBegin(text) || (isEnd(text) && (!isBegun || isCommitted))) return settled(nothing, rest.at(-1));
    const before = isBegun ? [] : ['begin'];
    isBegun = true;
    // A stream of rows waits for responses of its own.
    if (text === null) {
      for (const one of before) sendUnseen(one);
      return send(args);
    }
    const after = commitsWithNext ? ['commit'] : [];
    commitsWithNext = false;
    if (before.length + after.length === 0) return send(args);
    const isWithCallback = typeof rest.at(-1) === 'function';
    const sent = sendTogether(before, isWithCallback ? args.slice(0, -1) : args, after);
    return settled(sent, rest.at(-1));
  }

  function send(args: readonly unknown[]): unknown {
    const plain: { query(...args: readonly unknown[]): unknown } = real;
    return plain.query(...args);
  }

  /** If it fails, the next statement on the connection fails as well. */
  function sendUnseen(text: string): void {
    real.query(text).catch(() => undefined);
  }

  async function sendTogether(
    before: readonly string[],
    args: readonly unknown[],
    after: readonly string[],
  ): Promise<QueryResult> {
    if (!canPipeline) return sendInTurn(before, args, after);
    const { stream } = connectionOf(real);
    setPipeline(true);
    stream.cork();
    const all = [
      ...before.map((text) => real.query(text)),
      send(args) as Promise<QueryResult>,
      ...after.map((text) => real.query(text)),
    ];
    stream.uncork();
    const results = await Promise.allSettled(all);
    // Before the caller can send anything else: a stream of rows cannot be sent in a pipeline.
    setPipeline(false);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    isCommitted = after.length > 0;
    return fulfilledOf(results[before.length]);
  }

  async function sendInTurn(
    before: readonly string[],
    args: readonly unknown[],
    after: readonly string[],
  ): Promise<QueryResult> {
    for (const text of before) await real.query(text);
    const result = (await send(args)) as QueryResult;
    for (const text of after) await real.query(text);
    isCommitted = after.length > 0;
    return result;
  }

  /** The option `pipeline` of the library, for the connection as it is. */
  function setPipeline(isOn: boolean): void {
    Reflect.set(real, 'pipeline', isOn);
  }
}

const nothing = Promise.resolve({ command: '', rowCount: 0, oid: 0, fields: [], rows: [] });

/** Null: it is no statement with a text, but a stream of rows. */
function textOf(statement: unknown): string | null {
  if (typeof statement !== 'object' || statement === null || 'submit' in statement) return null;
  return 'text' in statement && typeof statement.text === 'string' ? statement.text : null;
}

/** As the library responds: to the callback, if there is one, or else by a promise. */
function settled(result: Promise<unknown>, callback: unknown): unknown {
  if (typeof callback !== 'function') return result;
  result.then(
    (found) => Reflect.apply(callback, undefined, [null, found]) as unknown,
    (error: unknown) => Reflect.apply(callback, undefined, [error]) as unknown,
  );
  return undefined;
}

function fulfilledOf(result: PromiseSettledResult<QueryResult> | undefined): QueryResult {
  if (result?.status !== 'fulfilled') throw new Error('a statement has no result');
  return result.value;
}

/** The part of the library's connection that counts. */
const connectionOf = (client: Client) =>
  (client as Client & { readonly connection: { readonly stream: { cork(): void; uncork(): void } } })
    .connection;
