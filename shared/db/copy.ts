import type { Client, Connection, Submittable } from 'pg';
import { from, to } from 'pg-copy-streams';

/**
 * Rows into a table by binary COPY. A statement is opened by the first write after a `finish`, so several targets may take
 * turns on one connection; while one is open, the connection takes no other statement.
 */
export interface BinaryCopy {
  /** `tuples`: whole rows in PostgreSQL's binary COPY format. Once it is resolved, their memory may be used again. */
  write(tuples: Buffer): Promise<void>;
  /** Ends the open statement, if there is one: its rows are in the table then. */
  finish(): Promise<void>;
  /**
   * Gives up the open statement, if there is one. The transaction has then failed, but the connection can be used
   * again.
   */
  abort(reason: Error): Promise<void>;
}

export function createBinaryCopy(client: Client, table: string, columns: readonly string[]): BinaryCopy {
  const sql = `copy ${quote(table)} (${columns.map(quote).join(', ')}) from stdin (format binary)`;
  let open: CopyStatement | null = null;
  /** Few rows, which nearly every upload has: they wait here for `finish`, and are sent together with their statement. */
  let few: Buffer | null = null;

  return {
    async write(tuples) {
      if (open === null && few === null && tuples.length <= FEW_BYTES) {
        few = Buffer.from(tuples);
        return;
      }
      open ??= await openStatement(client, sql);
      if (few !== null) await open.write(few);
      few = null;
      await open.write(tuples);
    },
    async finish() {
      const [statement, rows] = [open, few];
      [open, few] = [null, null];
      if (rows !== null) await copyAtOnce(client, sql, rows);
      await statement?.end();
    },
    async abort(reason) {
      const statement = open;
      [open, few] = [null, null];
      await statement?.abort(reason);
    },
  };
}

/**
 * A whole COPY in one write to the connection: the statement, its rows and their end. To wait for PostgreSQL's consent
 * first, and to send each part by itself, costs more than these rows do. PostgreSQL ignores the rows if it refuses the
 * statement. Source: PostgreSQL, Message Flow, COPY Operations.
 */
function copyAtOnce(client: Client, sql: string, tuples: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    client.query(new CopyAtOnce(sql, tuples, (error) => (error === null ? resolve() : reject(error))));
  });
}

/** A query as the library sends it, and as it hands the responses of PostgreSQL to it. */
class CopyAtOnce implements Submittable {
  constructor(
    private readonly sql: string,
    private readonly tuples: Buffer,
    private readonly onEnd: (error: Error | null) => void,
  ) {}

  submit(connection: Connection): void {
    const { stream } = connection;
    stream.cork();
    connection.query(this.sql);
    const data = Buffer.concat([DATA_HEAD, SIGNATURE, this.tuples, TRAILER, COPY_DONE]);
    data.writeUInt32BE(data.length - COPY_DONE.length - 1, 1);
    stream.write(data);
    stream.uncork();
  }

  /** The library replaces it where statements have a time limit, and expects its own to be called at the end. */
  callback(): void {
    return;
  }

  handleCopyInResponse(): void {
    return;
  }

  handleCommandComplete(): void {
    return;
  }

  handleReadyForQuery(): void {
    this.callback();
    this.onEnd(null);
  }

  handleError(error: Error): void {
    this.callback();
    this.onEnd(error);
  }
}

/**
 * The rows of a query in PostgreSQL's binary COPY format, one after another. The caller must limit their number,
 * because all of them are kept in memory.
 */
export async function binaryCopyRows(client: Client, query: string): Promise<Buffer> {
  const stream = client.query(to(`copy (${query}) to stdout (format binary)`));
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).subarray(SIGNATURE.length, -TRAILER.length);
}

interface CopyStatement {
  write(bytes: Buffer): Promise<void>;
  end(): Promise<void>;
  abort(reason: Error): Promise<void>;
}

async function openStatement(client: Client, sql: string): Promise<CopyStatement> {
  const stream = client.query(from(sql));
  // PostgreSQL may refuse the rows at any time, also while the caller is still reading more of them.
  let hasFailed = false;
  const failure = new Promise<never>((_resolve, reject) => {
    stream.on('error', (error) => {
      hasFailed = true;
      reject(error);
    });
  });
  failure.catch(() => undefined);
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  const statement: CopyStatement = {
    write: (bytes) => {
      // The library releases the connection then, and would fail if it were used again.
      if (hasFailed) return failure;
      // After its callback, the library still uses the memory of a write that is smaller than the buffer of the socket.
      const lasting = bytes.length < SOCKET_BUFFER_BYTES ? Buffer.from(bytes) : bytes;
      const written = new Promise<void>((resolve) => stream.write(lasting, () => resolve()));
      return Promise.race([written, failure]);
    },
    end: async () => {
      await statement.write(TRAILER);
      if (hasFailed) return failure;
      const finished = new Promise<void>((resolve) => stream.end(() => resolve()));
      await Promise.race([finished, failure]);
    },
    abort: async (reason) => {
      // A statement that PostgreSQL has ended must not be given up: the library would write to a connection that it has
      // released.
      if (hasFailed) return;
      stream.destroy(reason);
      await Promise.race([closed, failure.catch(() => undefined)]);
    },
  };
  await statement.write(SIGNATURE);
  return statement;
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const FEW_BYTES = 32 * 1024;
/** A message of PostgreSQL's protocol: its letter, and its length without the letter. */
const DATA_HEAD = Buffer.from('d\0\0\0\0', 'latin1');
const COPY_DONE = Buffer.from('c\0\0\0\x04', 'latin1');
const SOCKET_BUFFER_BYTES = 64 * 1024;
/** Source: PostgreSQL, COPY, Binary Format: signature, flags, length of the header's extension. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);
