import { Trouble } from '../pipeline/trouble';
import type { Outside } from '../systems/remote-system';
import { createTrace, type Trace } from './call-trace';
import { exchange, type ExchangeSettings, openStream } from './exchange';
import type { HttpAnswer, HttpCall, HttpStream } from './http-call';
import { createRedaction, type Redact } from './redaction';
import { retryAfterMs } from './retry-after';

export type { HttpAnswer, HttpCall, HttpStream, SentBytes, SentStream } from './http-call';

export interface HttpClientSettings extends ExchangeSettings {
  readonly outside: Outside;
  readonly secrets: readonly string[];
  /** What of an answer is a secret by its form, such as an address that opens something to everyone. */
  readonly hiddenForm?: RegExp;
}

/** JSON over HTTP with a server that may be slow, broken or angry. */
export interface HttpClient {
  /**
   * Hands back what the caller has to judge: 2xx, and 4xx but 401, 408, 423 and 429. Throws `Trouble`: `unauthorized`
   * after a 401, and from then on without a call; `throttled`; `unavailable` where no usable answer came; `invalid`
   * where the server leads elsewhere.
   */
  call(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer>;
  /**
   * As `call`, but the bytes of a 2xx are handed back unread. They do not take a place of the limiter while they are
   * read: otherwise someone who reads from a system and writes to it could wait for themselves.
   */
  open(call: HttpCall, signal: AbortSignal): Promise<HttpAnswer | HttpStream>;
  /** No further call is made. */
  stop(trouble: Trouble): void;
  /** The server's clock less ours, as the last answer showed it; null: none has shown it. */
  readonly clockOffsetMs: number | null;
}

const usualThrottleMs = 30_000;

export function createHttpClient(settings: HttpClientSettings): HttpClient {
  const { outside } = settings;
  const redact = createRedaction(settings.secrets, settings.hiddenForm);
  let stopped: Trouble | null = null;
  let clockOffsetMs: number | null = null;

  function stop(trouble: Trouble): void {
    stopped ??= trouble;
  }

  async function once<A extends HttpAnswer | HttpStream>(
    call: HttpCall,
    trace: Trace,
    exchanged: () => Promise<A>,
  ): Promise<A> {
    // Those that waited for their turn are told as well.
    if (stopped !== null) throw stopped;
    trace.begin();
    const answer = await exchanged();
    clockOffsetMs = offsetOf(answer.headers) ?? clockOffsetMs;
    if ('bytes' in answer) return answer;
    const trouble = troubleOf(call, answer, redact);
    if (trouble === null) return answer;
    if (trouble.kind === 'unauthorized') stop(trouble);
    if (trouble.kind === 'throttled') outside.limiter.rest(trouble.retryAfterMs ?? usualThrottleMs);
    throw trouble;
  }

  async function traced<A extends HttpAnswer | HttpStream>(
    call: HttpCall,
    signal: AbortSignal,
    exchanged: (trace: Trace) => Promise<A>,
  ): Promise<A> {
    const trace = createTrace(outside, call, redact);
    try {
      return await outside.limiter.run(() => once(call, trace, () => exchanged(trace)), signal);
    } catch (error) {
      trace.failed(error);
      throw error;
    } finally {
      trace.end();
    }
  }

  return {
    call: (call, signal) => traced(call, signal, (trace) => exchange(settings, call, trace, signal)),
    open: (call, signal) => traced(call, signal, (trace) => openStream(settings, call, trace, signal)),
    stop,
    get clockOffsetMs() {
      return clockOffsetMs;
    },
  };
}

function troubleOf(call: HttpCall, answer: HttpAnswer, redact: Redact): Trouble | null {
  const { status, headers, json } = answer;
  const said = redact(reasonOf(headers, json));
  const text = `${call.method} returned ${status}${said === '' ? '' : `: ${said}`}`;
  if (status === 401) return call.handsBackUnauthorized === true ? null : new Trouble('unauthorized', text);
  const waitMs = retryAfterMs(headers);
  if (status === 429) return new Trouble('throttled', text, waitMs ?? usualThrottleMs);
  if (status === 503 && waitMs !== undefined) return new Trouble('throttled', text, waitMs);
  if ((status >= 500 || isRedirect(status)) && call.handsBack?.(answer) === true) return null;
  if (status >= 500 || status === 408 || status === 423) return new Trouble('unavailable', text);
  if (isRedirect(status)) return new Trouble('invalid', `${text}; it leads elsewhere`);
  return null;
}

const isRedirect = (status: number): boolean => status >= 300 && status < 400;

/** What a server says for people, wherever it says it. Empty: nothing. */
export function reasonOf(headers: Headers, json: unknown): string {
  const said = headers.get('x-status-reason');
  if (said !== null && said !== '') return said.slice(0, 500);
  if (typeof json !== 'object' || json === null) return '';
  for (const name of ['message', 'error_description', 'error', 'detail', 'title'])
    if (name in json) {
      const text: unknown = Reflect.get(json, name);
      if (typeof text === 'string') return text.slice(0, 500);
      // `{ "error": { "code": …, "message": … } }`
      if (name === 'error') return reasonOf(new Headers(), text);
    }
  return '';
}

function offsetOf(headers: Headers): number | null {
  const at = Date.parse(headers.get('date') ?? '');
  // The header has whole seconds: half of one is added on the average.
  return Number.isNaN(at) ? null : Math.round(at + 500 - Date.now());
}
