import { Trouble } from '../pipeline/trouble';
import type { Outside } from '../systems/remote-system';
import { readBody } from './answer-body';
import { createRedaction, type Redact } from './redaction';
import { retryAfterMs } from './retry-after';

export interface HttpClientSettings {
  readonly outside: Outside;
  /** What every path is put behind, e.g. `https://crm.example/api/v1`. */
  readonly baseUrl: string;
  readonly secrets: readonly string[];
  /** Made anew for each call: a signature is over its method and path. */
  readonly headersFor: (call: HttpCall) => Record<string, string> | Promise<Record<string, string>>;
  /** For all of a call, its answer included. */
  readonly deadlineMs?: number;
  readonly maxAnswerBytes?: number;
}

export interface HttpCall {
  /** What it is, for people and for the metrics. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path and query; begins with a slash. */
  readonly path: string;
  /** What is sent as JSON; undefined: nothing. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Neither what is sent nor what comes back may be recorded: it is about secrets. */
  readonly isSecret?: boolean;
  /** True: a 401 is handed back, and the caller judges it. */
  readonly handsBackUnauthorized?: boolean;
  /** Asked about a 5xx. True: the server itself says so of this call, and the caller judges it. */
  readonly handsBack?: (answer: HttpAnswer) => boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Decoded; undefined: it was empty, or of a refusal no JSON. */
  readonly json: unknown;
}

/** JSON over HTTP with a server that may be slow, broken or angry. */
export interface HttpClient {
  /**
   * Hands back what the caller has to judge: 2xx, and 4xx but 401, 408, 423 and 429. Throws `Trouble`: `unauthorized`
   * after a 401, and from then on without a call; `throttled`; `unavailable` where no usable answer came; `invalid`
   * where the server leads elsewhere.
   */
  call(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer>;
  /** No further call is made. */
  stop(trouble: Trouble): void;
  /** The server's clock less ours, as the last answer showed it; null: none has shown it. */
  readonly clockOffsetMs: number | null;
}

const usualDeadlineMs = 30_000;
const usualMaxAnswerBytes = 32 * 1024 * 1024;
const usualThrottleMs = 30_000;

export function createHttpClient(settings: HttpClientSettings): HttpClient {
  const { outside } = settings;
  const redact = createRedaction(settings.secrets);
  let stopped: Trouble | null = null;
  let clockOffsetMs: number | null = null;

  function stop(trouble: Trouble): void {
    stopped ??= trouble;
  }

  async function callOnce(call: HttpCall, trace: Trace, signal: AbortSignal): Promise<HttpAnswer> {
    // Those that waited for their turn are told as well.
    if (stopped !== null) throw stopped;
    trace.begin();
    const answer = await exchange(settings, call, trace, signal);
    clockOffsetMs = offsetOf(answer.headers) ?? clockOffsetMs;
    const trouble = troubleOf(call, answer, redact);
    if (trouble === null) return answer;
    if (trouble.kind === 'unauthorized') stop(trouble);
    if (trouble.kind === 'throttled') outside.limiter.rest(trouble.retryAfterMs ?? usualThrottleMs);
    throw trouble;
  }

  return {
    async call(call, signal) {
      const trace = createTrace(outside, call, redact);
      try {
        return await outside.limiter.run(() => callOnce(call, trace, signal), signal);
      } catch (error) {
        trace.failed(error);
        throw error;
      } finally {
        trace.end();
      }
    },
    stop,
    get clockOffsetMs() {
      return clockOffsetMs;
    },
  };
}

// One call

async function exchange(
  settings: HttpClientSettings,
  call: HttpCall,
  trace: Trace,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const { baseUrl, deadlineMs = usualDeadlineMs, maxAnswerBytes = usualMaxAnswerBytes } = settings;
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    const response = await fetch(`${baseUrl}${call.path}`, {
      method: call.method,
      headers: { accept: 'application/json', ...(await settings.headersFor(call)), ...bodyHeaders(call) },
      body: call.json === undefined ? null : JSON.stringify(call.json),
      // What is led elsewhere would take the credentials along.
      redirect: 'manual',
      signal: AbortSignal.any([signal, deadline]),
    });
    trace.answered(response.status);
    const text = await readBody(response, maxAnswerBytes);
    trace.read(text);
    return { status: response.status, headers: response.headers, json: decode(call, response, text) };
  } catch (error) {
    if (error instanceof Trouble) throw error;
    signal.throwIfAborted();
    if (deadline.aborted) throw new Trouble('unavailable', `no answer within ${deadlineMs / 1000} s`);
    throw new Trouble('unavailable', `the connection failed (${causeOf(error)})`);
  }
}

const bodyHeaders = ({ json, headers }: HttpCall): Record<string, string> => ({
  ...(json === undefined ? {} : { 'content-type': 'application/json' }),
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

function troubleOf(call: HttpCall, answer: HttpAnswer, redact: Redact): Trouble | null {
  const { status, headers, json } = answer;
  const said = redact(reasonOf(headers, json));
  const text = `${call.method} returned ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 401) return call.handsBackUnauthorized === true ? null : new Trouble('unauthorized', text);
  const waitMs = retryAfterMs(headers);
  if (status === 429) return new Trouble('throttled', text, waitMs ?? usualThrottleMs);
  if (status === 503 && waitMs !== undefined) return new Trouble('throttled', text, waitMs);
  if (status >= 500 && call.handsBack?.(answer) === true) return null;
  if (status >= 500 || status === 408 || status === 423) return new Trouble('unavailable', text);
  if (status >= 300 && status < 400) return new Trouble('invalid', `${text}; it leads elsewhere`);
  return null;
}

/** What a server says for people, wherever it says it. Empty: nothing. */
export function reasonOf(headers: Headers, json: unknown): string {
  const said = headers.get('x-status-reason');
  if (said !== null && said !== '') return said.slice(0, 500);
  if (typeof json !== 'object' || json === null) return '';
  for (const name of ['message', 'error', 'detail', 'title'])
    if (name in json) {
      const text: unknown = Reflect.get(json, name);
      if (typeof text === 'string') return text.slice(0, 500);
    }
  return '';
}

function offsetOf(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '');
  // The header has whole seconds: half of one is added on the average.
  return Number.isNaN(at) ? null : Math.round(at + 500 - Date.now());
}

// What is recorded of it

interface Trace {
  begin(): void;
  answered(status: number): void;
  read(text: string): void;
  failed(error: unknown): void;
  end(): void;
}

/** A call that never began, because the system rests or has been stopped, is none. */
function createTrace({ system, observe }: Outside, call: HttpCall, redact: Redact): Trace {
  const { operation, method, isSecret = false } = call;
  const shown = (text: string) => (isSecret ? '…' : redact(text));
  let begun: { readonly at: Date; readonly ms: number } | null = null;
  let status: number | null = null;
  let answer: string | null = null;
  let fault: string | null = null;
  return {
    begin() {
      begun = { at: new Date(), ms: performance.now() };
    },
    answered(code) {
      status = code;
    },
    read(text) {
      answer = text === '' ? null : shown(text);
    },
    failed(error) {
      fault = error instanceof Error ? error.message : String(error);
    },
    end() {
      if (begun === null) return;
      observe({
        system,
        operation,
        method,
        path: redact(call.path),
        status,
        milliseconds: Math.round(performance.now() - begun.ms),
        startedAt: begun.at,
        request: call.json === undefined ? null : shown(JSON.stringify(call.json)),
        answer,
        fault,
      });
    },
  };
}
