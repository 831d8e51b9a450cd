import { isDeepStrictEqual } from 'node:util';
import type { Reply } from './wire';

// What a check expects of a server, and what it says if it sees something else.

/** The server did something else than the protocol says. */
export class Deviation extends Error {
  constructor(
    readonly expected: string,
    readonly seen: string,
  ) {
    super(`expected ${expected}; seen: ${seen}`);
    this.name = 'Deviation';
  }
}

/** The check could not be made on this server now. */
export class NotSeen extends Error {
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'NotSeen';
  }
}

/** @param seen is shown to people if it does not hold. */
export function need(holds: boolean, expected: string, seen: unknown): asserts holds {
  if (!holds) throw new Deviation(expected, shown(seen));
}

export function needEqual(what: string, seen: unknown, expected: unknown): void {
  need(isDeepStrictEqual(seen, expected), `${what} = ${shown(expected)}`, seen);
}

export function needStatus(reply: Reply, status: number): void {
  need(reply.status === status, `${reply.asked} returns ${status}`, summary(reply));
}

/** A refusal as RFC 9457 has it, with this code. */
export function needProblem(reply: Reply, status: number, code: string): void {
  const isIt = reply.status === status && member(reply.json, 'code') === code;
  need(isIt, `${reply.asked} returns ${status} ${code}`, summary(reply));
}

/** Undefined: the value is no object, or it has no such member. */
export function member(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((at, name) => {
    const isObject = typeof at === 'object' && at !== null;
    return isObject ? Object.getOwnPropertyDescriptor(at, name)?.value : undefined;
  }, value);
}

/** A member that has to be a text. */
export function textMember(value: unknown, ...path: readonly (string | number)[]): string {
  const found = member(value, ...path);
  need(typeof found === 'string', `a text at ${path.join('.')}`, value);
  return found;
}

export function headerOf({ headers }: Reply, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}

const summary = ({ status, text }: Reply): string => `${status} ${text}`;

/** Long bodies are cut: a report is read by people. */
function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
