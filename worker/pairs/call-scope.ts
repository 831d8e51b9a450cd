import { AsyncLocalStorage } from 'node:async_hooks';
import type { Side } from '../pipeline/sides';
import type { ObservedCall } from '../systems/remote-system';
import type { PairJob } from './words';

/** The work on one entity, and what the timeline of the entity shows. */
export interface EntityWork {
  readonly job: PairJob;
  /** The time that is written back as `$now`. */
  readonly startedAt: Date;
  /** Each call is added here. */
  readonly calls: RecordedCall[];
  /** The id of the event that describes this work. Null: nothing was done to the entity yet. */
  eventId: string | null;
  /** How many of the calls that event already contains. */
  recordedCalls: number;
}

/** A call as the timeline shows it. */
export interface RecordedCall {
  readonly side: Side;
  readonly op: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly milliseconds: number;
  readonly at: string;
  readonly request: string | null;
  readonly answer: string | null;
  readonly fault: string | null;
}

/** Calls of a slice, by side. */
export type CallTally = Record<Side, number>;

interface Scope {
  readonly tally: CallTally;
  readonly entity: EntityWork | null;
  readonly side: Side | null;
}

const scopes = new AsyncLocalStorage<Scope>();

/** Counts all calls inside `run` in this tally. */
export const inTally = <T>(tally: CallTally, run: () => T): T =>
  scopes.run({ tally, entity: null, side: null }, run);

/** Records all calls inside `run` for this entity. */
export function inEntity<T>(entity: EntityWork, run: () => T): T {
  const scope = scopes.getStore();
  return scopes.run({ tally: scope?.tally ?? { here: 0, there: 0 }, entity, side: null }, run);
}

/** Records all calls inside `run` for this side. */
export function onSide<T>(side: Side, run: () => T): T {
  const scope = scopes.getStore();
  return scope === undefined ? run() : scopes.run({ ...scope, side }, run);
}

/** The current entity. Null: there is none. */
export const currentEntity = (): EntityWork | null => scopes.getStore()?.entity ?? null;

/** Call it at the end of every call to a system, in the same async context. */
export function recordCall(call: ObservedCall): void {
  const scope = scopes.getStore();
  if (scope === undefined || scope.side === null) return;
  scope.tally[scope.side] += 1;
  if (scope.entity === null || scope.entity.calls.length >= mostCalls) return;
  const { method, path, status, milliseconds, request, answer, fault } = call;
  scope.entity.calls.push({
    side: scope.side,
    op: call.operation,
    method,
    path,
    status,
    milliseconds,
    at: call.startedAt.toISOString(),
    request,
    answer,
    fault,
  });
}

const mostCalls = 50;
