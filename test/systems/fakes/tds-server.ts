import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import {
  createHandshakeStream,
  createMessageReader,
  done,
  errorToken,
  loginAnswer,
  packetsOf,
  packetTypes,
  type Parameter,
  preloginAnswer,
  procedureEnd,
  readLogin,
  readStatement,
  resultAnswer,
  type ResultSet,
  wantsTls,
} from './tds-wire';

/** An error as SQL Server tells it. */
export class ServerError extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message);
  }
}

export interface TdsStatement {
  readonly text: string;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

export interface TdsServerOptions {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Null: it cannot encrypt. */
  readonly tls: { readonly key: string; readonly cert: string } | null;
  readonly handle: (statement: TdsStatement) => ResultSet;
}

/** A fault in the next statement that it matches. */
export interface TdsFault {
  readonly fits: (text: string) => boolean;
  readonly before?: () => void;
  /** In place of its answer; it is not carried out. */
  readonly error?: { readonly number: number; readonly message: string };
  /** It is carried out, and its connection is cut. */
  readonly losesAnswer?: boolean;
  /** It is carried out, and its answer is cut in the middle. */
  readonly breaksAnswer?: boolean;
  /** It is carried out, and its answer has no result. */
  readonly isBare?: boolean;
  /** It is answered once it is cancelled. */
  readonly hangs?: boolean;
}

export interface TdsServer {
  readonly port: number;
  readonly faults: TdsFault[];
  /** Statements that came, the first word of each or its whole text. */
  readonly statements: TdsStatement[];
  /** Log-ins that were tried. */
  logins(): number;
  /** Statements that were cancelled. */
  attentions(): number;
  /** Connections of which TLS was spoken on. */
  encrypted(): number;
  /** In place of letting in whoever has the right password. */
  loginError: { readonly number: number; readonly message: string } | null;
  /** Ends all connections. */
  cut(): void;
  close(): Promise<void>;
}

export async function startTdsServer(options: TdsServerOptions): Promise<TdsServer> {
  const counts = { logins: 0, attentions: 0, encrypted: 0 };
  const sockets = new Set<Socket>();
  const statements: TdsStatement[] = [];
  const faults: TdsFault[] = [];
  const state: { loginError: TdsServer['loginError'] } = { loginError: null };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    serve({ options, socket, counts, statements, faults, state });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const cut = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: address.port,
    faults,
    statements,
    logins: () => counts.logins,
    attentions: () => counts.attentions,
    encrypted: () => counts.encrypted,
    get loginError() {
      return state.loginError;
    },
    set loginError(error) {
      state.loginError = error;
    },
    cut,
    async close() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Serving {
  readonly options: TdsServerOptions;
  readonly socket: Socket;
  readonly counts: { logins: number; attentions: number; encrypted: number };
  readonly statements: TdsStatement[];
  readonly faults: TdsFault[];
  readonly state: { readonly loginError: TdsServer['loginError'] };
}

function serve(serving: Serving): void {
  const { options, socket, counts } = serving;
  const readFirst = createMessageReader(({ type, data }) => {
    if (type !== packetTypes.prelogin) return void socket.destroy();
    socket.off('data', readFirst);
    const speaksTls = options.tls !== null && wantsTls(data);
    if (speaksTls) {
      const secure = speakTls(options.tls, socket);
      secure.on('secure', () => (counts.encrypted += 1));
      converse(serving, secure);
    } else converse(serving, socket);
    socket.write(packetsOf(packetTypes.answer, preloginAnswer(speaksTls ? 1 : 2)));
  });
  socket.on('data', readFirst);
}

function speakTls(tls: { readonly key: string; readonly cert: string }, socket: Socket): TLSSocket {
  const { stream, finish } = createHandshakeStream(socket);
  const secure = new TLSSocket(stream, {
    isServer: true,
    secureContext: createSecureContext({ ...tls, maxVersion: 'TLSv1.2' }),
  });
  secure.on('error', () => undefined);
  // Its last word of the handshake is still on its way out.
  secure.on('secure', () => setImmediate(finish));
  return secure;
}

/** Log-in, then statements. */
function converse(serving: Serving, stream: Duplex): void {
  const { options, socket, counts, statements, faults, state } = serving;
  let isIn = false;
  let hanging = false;
  const send = (data: Buffer) => stream.write(packetsOf(packetTypes.answer, data));

  function logIn(data: Buffer): void {
    counts.logins += 1;
    const { user, password, database } = readLogin(data);
    const error =
      state.loginError ??
      (user !== options.user || password !== options.password
        ? { number: 18456, message: `Login failed for user '${user}'.` }
        : database !== options.database
          ? {
              number: 4060,
              message: `Cannot open database "${database}" requested by the login. The login failed.`,
            }
          : null);
    if (error !== null) {
      send(Buffer.concat([errorToken(error), done(0xfd, 2)]));
      socket.end();
      return;
    }
    isIn = true;
    send(loginAnswer(database));
  }

  function run(data: Buffer): void {
    const statement = readStatement(data);
    statements.push(statement);
    const place = faults.findIndex(({ fits }) => fits(statement.text));
    const [fault = null] = place < 0 ? [] : faults.splice(place, 1);
    fault?.before?.();
    if (fault?.hangs === true) {
      hanging = true;
      return;
    }
    const answer = fault?.error === undefined ? answerOf(options, statement) : refusalOf(fault.error);
    if (fault?.losesAnswer === true) return void socket.destroy();
    if (fault?.breaksAnswer === true) {
      const packets = packetsOf(packetTypes.answer, answer);
      stream.write(packets.subarray(0, Math.floor(packets.length / 2)));
      setTimeout(() => socket.destroy(), 5);
      return;
    }
    send(fault?.isBare === true ? procedureEnd(0) : answer);
  }

  const read = createMessageReader(({ type, data }) => {
    if (type === packetTypes.login) logIn(data);
    else if (!isIn) socket.destroy();
    else if (type === packetTypes.attention) {
      counts.attentions += 1;
      if (hanging) send(done(0xfd, 0x20));
      hanging = false;
    } else if (type === packetTypes.batch) {
      // The options that a client sets after its log-in.
      const text = data.toString('utf16le', data.readUInt32LE(0));
      send(/^(\s*set [^;]*;?)*$/.test(text) ? done(0xfd, 0) : refusalOf({ number: 102, message: text }));
    } else if (type === packetTypes.rpc) run(data);
    else socket.destroy();
  });
  stream.on('data', read);
}

function answerOf(options: TdsServerOptions, statement: TdsStatement): Buffer {
  try {
    return resultAnswer(options.handle(statement));
  } catch (error) {
    if (error instanceof ServerError) return refusalOf(error);
    // A statement that the fake does not understand is a mistake in the test or in the connector.
    return refusalOf({
      number: 102,
      message: `the fake does not understand: ${String(error)}: ${statement.text}`,
    });
  }
}

const refusalOf = (error: { readonly number: number; readonly message: string }): Buffer =>
  Buffer.concat([errorToken(error), procedureEnd(2)]);
