import { setTimeout as pause } from 'node:timers/promises';
import limitTo from 'p-limit';
import { createRedaction, type Redact } from '../../outside/redaction';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import {
  type FaultVerdict,
  type SqlDriver,
  SqlFault,
  type SqlRow,
  type SqlStatement,
  type SqlStep,
  type SqlValue,
} from './driver';

export interface SqlCall {
  /** The name of the call, for people and for the metrics. */
  readonly operation: string;
  /** The table of the call. */
  readonly about: string;
  readonly steps: readonly SqlStep[];
}

/** Calls to a database that may be slow, broken or refuse us. */
export interface SqlCalls {
  /**
   * Throws `Trouble`, and `SqlFault` if the server refuses this call's rows. After the server has refused our user, it
   * is not called again.
   */
  call(call: SqlCall, signal: AbortSignal): Promise<readonly SqlRow[]>;
  close(): Promise<void>;
}

export interface SqlCallsSettings {
  readonly outside: Outside;
  readonly driver: SqlDriver;
  readonly secrets: readonly string[];
  readonly judge: (fault: SqlFault) => FaultVerdict;
}

/** Deadlocks are rare, and over at once. */
const mostTries = 4;
const usualThrottleMs = 30_000;

export function createSqlCalls(settings: SqlCallsSettings): SqlCalls {
  const { outside, driver, judge } = settings;
  const redact = createRedaction(settings.secrets);
  /**
   * Until our user has logged in once, there is only one call at a time: ten wrong passwords would lock the user out.
   */
  const entrance = limitTo(1);
  let isLetIn = false;
  let stopped: Trouble | null = null;

  async function letIn(call: SqlCall, signal: AbortSignal): Promise<readonly SqlRow[]> {
    if (stopped !== null) throw stopped;
    const trace = createTrace(outside, call, redact);
    try {
      const rows = await driver.run(trace.watched(call.steps), signal);
      isLetIn = true;
      trace.answered(rows);
      return rows;
    } catch (error) {
      const judged = judgedError(error, judge, redact);
      if (!(judged instanceof Trouble) || judged.kind === 'fields') isLetIn = true;
      if (judged instanceof Trouble && judged.kind === 'unauthorized') stopped ??= judged;
      if (judged instanceof Trouble && judged.kind === 'throttled')
        outside.limiter.rest(judged.retryAfterMs ?? usualThrottleMs);
      trace.failed(error, judged);
      throw judged;
    } finally {
      trace.end();
    }
  }

  const once = (call: SqlCall, signal: AbortSignal) =>
    outside.limiter.run(async () => {
      if (isLetIn) return letIn(call, signal);
      return entrance(() => letIn(call, signal));
    }, signal);

  return {
    async call(call, signal) {
      signal.throwIfAborted();
      for (let tries = 1; ; tries++)
        try {
          return await once(call, signal);
        } catch (error) {
          if (!(error instanceof SqlFault) || judge(error).kind !== 'again') throw error;
          if (tries === mostTries)
            throw new Trouble('unavailable', error.message, undefined, { cause: error });
          await pause(20 * 3 ** tries * (0.5 + Math.random()), undefined, { signal });
        }
    },
    close: () => driver.close(),
  };
}

/** A refusal and a repeatable failure stay faults: the caller judges them. */
function judgedError(error: unknown, judge: SqlCallsSettings['judge'], redact: Redact): unknown {
  if (!(error instanceof SqlFault)) return error;
  const verdict = judge(error);
  const message = redact(`${error.message} (${error.code})`);
  if (verdict.kind !== 'trouble') return new SqlFault(error.code, message, error.particulars);
  return new Trouble(verdict.trouble, message, verdict.retryAfterMs, { cause: error });
}

// What is recorded of it

interface Trace {
  /** The same steps; what they send is recorded. */
  watched(steps: readonly SqlStep[]): readonly SqlStep[];
  answered(rows: readonly SqlRow[]): void;
  failed(error: unknown, judged: unknown): void;
  end(): void;
}

function createTrace({ system, observe }: Outside, call: SqlCall, redact: Redact): Trace {
  const begun = { at: new Date(), ms: performance.now() };
  const sent: string[] = [];
  let answer: string | null = null;
  let status: number | null = null;
  let fault: string | null = null;
  return {
    watched: (steps) =>
      steps.map((step) => (before) => {
        const statement = step(before);
        sent.push(textOf(statement));
        return statement;
      }),
    answered(rows) {
      status = 200;
      // A page of a listing is large and nobody reads all of it: its beginning is enough.
      answer = redact(JSON.stringify(rows.slice(0, mostShownRows).map((row) => row.map(shownValue))));
    },
    failed(error, judged) {
      status = error instanceof SqlFault ? 400 : null;
      fault = judged instanceof Error ? redact(judged.message) : String(judged);
    },
    end: () =>
      observe({
        system,
        operation: call.operation,
        method: 'SQL',
        path: call.about,
        status,
        milliseconds: Math.round(performance.now() - begun.ms),
        startedAt: begun.at,
        request: sent.length === 0 ? null : redact(sent.join('; ')),
        answer,
        fault,
      }),
  };
}

const mostShownRows = 20;

function textOf({ text, values }: SqlStatement): string {
  return values.length === 0 ? text : `${text} -- ${JSON.stringify(values.slice(0, 200).map(shownValue))}`;
}

const shownValue = (value: SqlValue): string | null =>
  value instanceof Uint8Array ? `0x${Buffer.from(value.subarray(0, 64)).toString('hex')}` : value;
