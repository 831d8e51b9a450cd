import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { bytesOf } from '../../shared/formats/bytes-of';
import type { Asked, Meddling, Trial } from './trials';
import { createWire, type Reply, type Wire } from './wire';

export interface AwkwardOptions {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
  /** The server that it stands in front of. */
  readonly url: string;
  readonly trials: readonly Trial[];
  /** How long the solution may take for one trial, from the awkward response on. */
  readonly patienceSeconds: number;
  readonly onVerdict?: (verdict: Verdict) => void;
}

export interface Verdict {
  readonly trial: Trial;
  /** Null: the solution survived it. */
  readonly fault: string | null;
}

export interface AwkwardServer {
  readonly url: string;
  /** Resolves when every trial is decided. */
  readonly verdicts: Promise<readonly Verdict[]>;
  close(): Promise<void>;
}

/**
 * Stands between a solution and a server, and is awkward: one trial after another. A trial is survived when the solution
 * has confirmed a sync after the awkward response, and did nothing wrong on the way.
 */
export async function startAwkwardServer(options: AwkwardOptions): Promise<AwkwardServer> {
  const wire = createWire(options.url);
  const run = createRun(options);
  const server = createServer((request, response) => {
    request.on('error', () => undefined);
    relay(wire, run, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(options.port, options.host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}`,
    verdicts: run.verdicts,
    close: () =>
      new Promise((resolve) => {
        run.stop();
        wire.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Run = ReturnType<typeof createRun>;

function createRun({ trials, patienceSeconds, onVerdict }: AwkwardOptions) {
  const decided: Verdict[] = [];
  let asked: Asked[] = [];
  let timer: NodeJS.Timeout | undefined;
  let end = (_all: readonly Verdict[]) => {};
  const verdicts = new Promise<readonly Verdict[]>((resolve) => (end = resolve));
  if (trials.length === 0) end([]);

  const decide = (fault: string | null): void => {
    const trial = trials[decided.length];
    if (trial === undefined) return;
    clearTimeout(timer);
    asked = [];
    const verdict = { trial, fault };
    decided.push(verdict);
    onVerdict?.(verdict);
    if (decided.length === trials.length) end(decided);
  };

  return {
    verdicts,
    stop: () => clearTimeout(timer),
    /** Null: the solution gets what the server says. */
    meddlingFor(method: string, path: string): Meddling | null {
      const trial = trials[decided.length];
      const done = asked.filter(({ isMeddled }) => isMeddled).length;
      const isMeant =
        trial !== undefined && trial.on.method === method && trial.on.call.test(path.split('?')[0] ?? '');
      const meddling = (isMeant ? trial.meddlings[done] : undefined) ?? null;
      asked.push({ method, path, atMs: performance.now(), isMeddled: meddling !== null });
      if (meddling !== null && done === 0)
        timer = setTimeout(
          () => decide(`It did not come to the end of a sync within ${patienceSeconds} s.`),
          patienceSeconds * 1000,
        );
      return meddling;
    },
    /** The server has confirmed a sync, and the solution knows it. */
    confirmed(): void {
      const trial = trials[decided.length];
      if (asked.some(({ isMeddled }) => isMeddled)) decide(trial?.fault?.(asked) ?? null);
    },
  };
}

async function relay(
  wire: Wire,
  run: Run,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = 'GET', url: path = '/' } = request;
  const meddling = run.meddlingFor(method, path);
  if (meddling?.kind === 'cut-before') {
    request.socket.destroy();
    return;
  }
  const body = await bytesOf(request as AsyncIterable<Buffer>);
  if (meddling?.kind === 'instead') {
    response.writeHead(meddling.status, meddling.headers).end(meddling.body);
    return;
  }
  const reply = await wire.call(path, {
    method,
    headers: headersOnward(request, meddling),
    ...(body.length === 0 ? {} : { body }),
  });
  await give(reply, meddling, request, response);
  const isConfirmed = method === 'POST' && path.endsWith('/confirm') && reply.status === 200;
  if (isConfirmed && meddling === null) run.confirmed();
}

async function give(
  reply: Reply,
  meddling: Exclude<Meddling, { kind: 'cut-before' | 'instead' }> | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (meddling?.kind === 'lose-response') {
    request.socket.destroy();
    return;
  }
  if (meddling?.kind === 'slow') await sleep(meddling.milliseconds);
  const isRefusal = reply.status >= 400;
  const body = meddling?.kind === 'alter' && !isRefusal ? meddling.change(reply) : reply.body;
  const length = request.method === 'HEAD' ? {} : { 'content-length': String(body.length) };
  const changed = meddling?.kind === 'headers' ? meddling.headers : {};
  response.writeHead(reply.status, { ...withoutHop(reply.headers), ...length, ...changed });
  if (meddling?.kind !== 'truncate' || isRefusal) response.end(body);
  else response.write(body.subarray(0, body.length >> 1), () => request.socket.destroy());
}

const hopHeaders: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'transfer-encoding',
]);

function headersOnward({ headers }: IncomingMessage, meddling: Meddling | null): Record<string, string> {
  const passed = withoutHop(headers);
  if (meddling?.kind !== 'range') return passed;
  // Without its condition: the solution may have asked for the rest of this version alone.
  const { range, ...others } = passed;
  delete others['if-range'];
  return meddling.asked === null || range === undefined ? others : { ...others, range: meddling.asked };
}

const withoutHop = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined || hopHeaders.has(name) ? [] : [[name, [value].flat().join(', ')]],
    ),
  );
