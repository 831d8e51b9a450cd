import { Trouble } from '../pipeline/trouble';
import { readBody } from './answer-body';
import type { Trace } from './call-trace';
import { type Clock, createClock } from './clock';
import type { HttpAnswer, HttpCall, HttpStream } from './http-call';
import { type Sending, sendPieces } from './sent-stream';

/** How a server is called. */
export interface ExchangeSettings {
  /** What every path is put behind, e.g. `https://crm.example/api/v1`. */
  readonly baseUrl: string;
  /** Made anew for each call: a signature is over its method and path. */
  readonly headersFor: (call: HttpCall) => Record<string, string> | Promise<Record<string, string>>;
  /** For all of a call, its answer included. */
  readonly deadlineMs?: number;
  readonly maxAnswerBytes?: number;
  /** How long the bytes of an opened answer may stay away. */
  readonly stallMs?: number;
}

const usualDeadlineMs = 30_000;
const usualMaxAnswerBytes = 32 * 1024 * 1024;
const usualStallMs = 60_000;

/** Makes one call, and reads its answer. Throws `unavailable` where no usable one comes. */
export async function exchange(
  settings: ExchangeSettings,
  call: HttpCall,
  trace: Trace,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { deadlineMs = usualDeadlineMs } = settings;
  const clock = createClock();
  const sending = call.stream === undefined ? null : sendPieces(call.stream, clock, deadlineMs);
  clock.start(deadlineMs);
  try {
    const response = await send(settings, call, sending, AbortSignal.any([signal, clock.signal]));
    return await readAnswer(settings, call, trace, response);
  } catch (error) {
    if (sending?.failure) throw sending.failure;
    if (error instanceof Trouble) throw error;
    signal.throwIfAborted();
    throw lostBy(error, clock.signal.aborted ? deadlineMs : null);
  } finally {
    clock.end();
    sending?.close();
  }
}

/** As `exchange`; of a 2xx the bytes are left to be read. The deadline is that of the beginning of the answer. */
export async function openStream(
  settings: ExchangeSettings,
  call: HttpCall,
  trace: Trace,
  signal: AbortSignal,
): Promise<HttpAnswer | HttpStream> {
  const { deadlineMs = usualDeadlineMs, stallMs = usualStallMs } = settings;
  const clock = createClock();
  clock.start(deadlineMs);
  try {
    const response = await send(settings, call, null, AbortSignal.any([signal, clock.signal]));
    if (!response.ok || response.body === null) return await readAnswer(settings, call, trace, response);
    trace.answered(response.status);
    clock.stop();
    const bytes = readPieces(response.body, clock, stallMs, signal);
    return { status: response.status, headers: response.headers, bytes };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    signal.throwIfAborted();
    throw lostBy(error, clock.signal.aborted ? deadlineMs : null);
  } finally {
    clock.stop();
  }
}

async function send(
  { baseUrl, headersFor }: ExchangeSettings,
  call: HttpCall,
  sending: Sending | null,
  signal: AbortSignal,
): Promise<Response> {
  return fetch(`${baseUrl}${call.path}`, {
    method: call.method,
    headers: { ...acceptHeader(call), ...(await headersFor(call)), ...bodyHeaders(call) },
    body: sending?.body ?? call.bytes?.data ?? (call.json === undefined ? null : JSON.stringify(call.json)),
    ...(sending === null ? {} : { duplex: 'half' }),
    // What is led elsewhere would take the credentials along.
    redirect: 'manual',
    signal,
  });
}

async function readAnswer(
  { maxAnswerBytes = usualMaxAnswerBytes }: ExchangeSettings,
  call: HttpCall,
  trace: Trace,
  response: Response,
): Promise<HttpAnswer> {
  trace.answered(response.status);
  const text = await readBody(response, maxAnswerBytes);
  trace.read(text);
  const json = call.isText === true ? undefined : decode(call, response, text);
  return { status: response.status, headers: response.headers, json, text };
}

const lostBy = (error: unknown, deadlineMs: number | null): Trouble =>
  new Trouble(
    'unavailable',
    deadlineMs === null
      ? `the connection failed (${causeOf(error)})`
      : `no answer within ${deadlineMs / 1000} s`,
  );

/** Only the time in which we wait for the server counts, not the time that the reader takes. */
async function* readPieces(
  body: AsyncIterable<Uint8Array>,
  clock: Clock,
  stallMs: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    clock.start(stallMs);
    for await (const piece of body) {
      clock.stop();
      yield piece;
      clock.start(stallMs);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw lostBy(error, clock.signal.aborted ? stallMs : null);
  } finally {
    clock.stop();
  }
}

const acceptHeader = ({ isText }: HttpCall): Record<string, string> =>
  isText === true ? {} : { accept: 'application/json' };

const bodyHeaders = ({ json, bytes, stream, headers }: HttpCall): Record<string, string> => ({
  ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  ...(bytes === undefined ? {} : { 'content-type': bytes.type }),
  ...(stream === undefined ? {} : { 'content-type': stream.type, 'content-length': String(stream.size) }),
  ...headers,
});

/** An error page in HTML is no JSON, and its status says enough. */
function decode({ method }: HttpCall, { ok }: Response, text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    if (!ok) return undefined;
    throw new Trouble('unavailable', `the answer to ${method} is no JSON`);
  }
}

/** The code of Node or of the system; the text of an error may hold an address or more. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (typeof cause === 'object' && cause !== null && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
  return cause instanceof Error ? cause.name : 'unknown error';
}
