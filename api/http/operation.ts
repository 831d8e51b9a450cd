import express, { type RequestHandler } from 'express';
import { z } from 'zod';
import type { Role } from '../../shared/domain/staff';
import type { AppError } from '../../shared/errors/app-error';
import { decode } from './decode';
import { needBodyWithin } from './expect';

// The description of a call of the HTTP interface, in one place. The routes (`http/route.ts`) and the OpenAPI document
// (`openapi/document.ts`) are both made from it.

/** The chapters of the document. */
export const tags = {
  Session: 'Signing in, as staff or as a program.',
  Accounts: 'The customers, to whom solutions belong.',
  Users: 'The staff.',
  Solutions: 'The installed devices.',
  Flags: 'Special synchronisations.',
  Rollouts: 'Flags and changes of settings for many solutions, in waves.',
  Parameters: 'The manager’s copies of the settings of a solution.',
  Templates: 'Settings that are edited once for many kitchens of one customer.',
  Logs: 'The readings of a solution.',
  Photos: 'The photos of a solution.',
  Syncs: 'The exchanges with solutions and their results.',
  Quarantine: 'The rows, entities, files and photos that could not be applied.',
  Conflicts: 'Values that both sides changed differently.',
  Approvals: 'Changes above a limit, which wait for a decision.',
  Messages: 'What the manager sends to a solution: messages and lab results.',
  Alerts: 'Probes out of their limits, or silent.',
  Notifications: 'Mails and webhooks when something needs a person.',
  Systems: 'The other systems that pairs join: their settings, secrets and webhooks.',
  Pairs: 'Rules that keep two systems equal, and their work.',
  Audit: 'Who did what.',
  Protocol: 'ePack V4: the calls of solutions.',
  Operations: 'For the operators of the server.',
} as const;
export type Tag = keyof typeof tags;

/**
 * The callers that are allowed. A role: users with that role or a higher one. `solution`: with a token of
 * `/v4/{channel}/login`.
 */
export type Access = 'anyone' | 'solution' | Role;

export type Method = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';

/** One call, without its handler. */
export interface Operation {
  readonly method: Method;
  /** Whole, with its parameters in braces: `/api/solutions/{id}`. */
  readonly path: string;
  /** Unique, a verb and what it is done to: `listSolutions`. The names that generated clients use. */
  readonly id: string;
  readonly tag: Tag;
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly params?: PathParameters;
  readonly query?: z.ZodObject;
  /** Names in lower case. */
  readonly headers?: z.ZodObject;
  readonly body?: Body;
  /** The responses, by status. */
  readonly answers: Answers;
  /**
   * By status, the codes of `shared/errors/catalog.ts` that only this call can meet. Those that follow from the rest
   * (`bad-request` where there is something to decode, `unauthorized`, `forbidden`, `not-found`…) need not be named.
   */
  readonly problems?: Problems;
}

export type Problems = Readonly<Record<number, readonly string[]>>;

export type PathParameters = Readonly<Record<string, PathParameter>>;

/**
 * A path parameter that its schema refuses names something that does not exist, so the answer is the error `absent`.
 */
export interface PathParameter<T = unknown> {
  readonly schema: z.ZodType<T>;
  readonly absent: (text: string) => AppError;
}

export const pathParameter = <T>(
  schema: z.ZodType<T>,
  absent: (text: string) => AppError,
): PathParameter<T> => ({ schema, absent });

/** A body in one media type. Without a schema: bytes, or a text that is not JSON. */
export interface Content {
  readonly schema: z.ZodType | null;
  readonly example?: unknown;
}

export interface Body<T = unknown> {
  readonly content: Readonly<Record<string, Content>>;
  readonly isRequired: boolean;
  /** The handlers that read it from the request. */
  readonly readers: readonly RequestHandler[];
  /** Checks and converts it. Throws `bad-request`, `invalid-fields`. */
  readonly decode: (body: unknown) => T;
}

interface JsonBodyOptions {
  /** In the words of express: `100kb`, unless said otherwise. */
  readonly limit?: string;
  readonly isRequired?: boolean;
  /** A body that takes longer is cancelled. For unknown callers. */
  readonly withinMilliseconds?: number;
}

export function jsonBody<S extends z.ZodType>(
  schema: S,
  { limit = '100kb', isRequired = true, withinMilliseconds }: JsonBodyOptions = {},
): Body<z.output<S>> {
  return {
    content: { 'application/json': { schema } },
    isRequired,
    readers: [
      ...(withinMilliseconds === undefined ? [] : [needBodyWithin(withinMilliseconds)]),
      express.json({ limit }),
    ],
    decode: (body) => decode(schema, body ?? {}),
  };
}

export type Answers = Readonly<Record<number, Answer>>;

export interface Answer {
  readonly description: string;
  /** By media type; empty: no body. */
  readonly content: Readonly<Record<string, Content>>;
  /** The schema of a JSON body. A handler returns the schema's input: dates, not texts. */
  readonly json: z.ZodType | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface JsonAnswer<S extends z.ZodType> extends Answer {
  readonly json: S;
}

export interface EmptyAnswer extends Answer {
  readonly json: null;
}

/** `headers`: the description of each. */
export function json<S extends z.ZodType>(
  description: string,
  schema: S,
  headers: Readonly<Record<string, string>> = {},
): JsonAnswer<S> {
  return { description, content: { 'application/json': { schema } }, json: schema, headers };
}

export function noContent(description: string, headers: Readonly<Record<string, string>> = {}): EmptyAnswer {
  return { description, content: {}, json: null, headers };
}

/** The handler writes the answer itself and returns `sent`. */
export function file(
  description: string,
  mediaTypes: readonly string[],
  headers: Readonly<Record<string, string>> = {},
): EmptyAnswer {
  const content = Object.fromEntries(mediaTypes.map((type) => [type, { schema: null }]));
  return { description, content, json: null, headers };
}

/** The same response, in other media types as well. */
export const alsoAs = <A extends Answer>(answer: A, mediaTypes: readonly string[]): A => ({
  ...answer,
  content: { ...answer.content, ...file('', mediaTypes).content },
});

/** A point in time. In JSON, a text: RFC 3339 in UTC. */
export const instant = z.date().meta({ examples: ['2026-11-20T07:31:00.000Z'] });

/** A page of a list: `next` is the `cursor` of the page that follows; null: this is the last. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({
    items: z.array(item).readonly(),
    next: z
      .string()
      .nullable()
      .meta({
        description: 'The `cursor` of the next page; null: this is the last one.',
        examples: ['4711'],
      }),
  });
