import { z } from 'zod';
import type { Exchange } from './http/exchange';
import { type Retrying, withRetries } from './http/backoff';
import { jsonBody, readJson } from './http/messages';
import { readProblem } from './http/problem';

/** A parameter as the manager holds it. */
export interface ManagedParameter {
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly isActive: boolean;
  readonly version: number;
}

export interface Enrolled {
  readonly id: string;
  readonly mail: string;
  readonly secret: string;
}

/** The calls that the demonstration and the simulation make as staff. */
export interface Backoffice {
  enrol(solution: { readonly mail: string; readonly name: string }): Promise<Enrolled>;
  parameters(solutionId: string, className: string): Promise<readonly ManagedParameter[]>;
  /** How many rows of a log table the server holds. */
  countLogs(solutionId: string, table: string): Promise<number>;
  changeParameter(
    solutionId: string,
    className: string,
    id: string,
    fields: Readonly<Record<string, unknown>>,
  ): Promise<void>;
}

export interface BackofficeDeps {
  readonly exchange: Exchange;
  readonly email: string;
  readonly password: string;
  readonly retrying: Retrying;
}

/** Signs in. @throws ServerProblem if the server refuses. */
export async function openBackoffice(deps: BackofficeDeps): Promise<Backoffice> {
  const { email, password } = deps;
  const { token } = await call(
    { ...deps, token: null },
    { method: 'POST', path: '/api/session', content: { email, password } },
    z.object({ token: z.string() }),
  );
  const parametersPath = (id: string, className: string) =>
    `/api/solutions/${encodeURIComponent(id)}/params/${className}`;
  return {
    enrol: (solution) =>
      call({ ...deps, token }, { method: 'POST', path: '/api/solutions', content: solution }, enrolledShape),
    parameters: async (solutionId, className) => {
      const items: ManagedParameter[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const path = `${parametersPath(solutionId, className)}?limit=100${query}`;
        const page: z.output<typeof pageShape> = await call(
          { ...deps, token },
          { method: 'GET', path: path, content: null },
          pageShape,
        );
        items.push(...page.items);
        cursor = page.next;
      } while (cursor !== null);
      return items;
    },
    countLogs: async (solutionId, table) => {
      let count = 0;
      let after: string | null = '-1';
      while (after !== null) {
        const path: string = `/api/solutions/${encodeURIComponent(solutionId)}/logs/${table}?limit=5000&after=${after}`;
        const page: z.output<typeof logPageShape> = await call(
          { ...deps, token },
          { method: 'GET', path: path, content: null },
          logPageShape,
        );
        count += page.items.length;
        after = page.next;
      }
      return count;
    },
    changeParameter: async (solutionId, className, id, fields) => {
      const path = `${parametersPath(solutionId, className)}/${encodeURIComponent(id)}`;
      await call({ ...deps, token }, { method: 'PUT', path: path, content: { fields } }, z.unknown());
    },
  };
}

const enrolledShape = z.object({
  id: z.union([z.string(), z.number()]).transform(String),
  mail: z.string(),
  secret: z.string(),
});

const next = z
  .string()
  .nullish()
  .transform((cursor) => cursor ?? null);

const logPageShape = z.object({ items: z.array(z.unknown()), next });

const pageShape = z.object({
  items: z.array(
    z.object({
      id: z.string(),
      fields: z.record(z.string(), z.unknown()),
      isActive: z.boolean(),
      version: z.number(),
    }),
  ),
  next,
});

interface BackofficeCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  /** Null: there is no body. */
  readonly content: unknown;
}

function call<T>(
  { exchange, retrying, token }: BackofficeDeps & { readonly token: string | null },
  { method, path, content }: BackofficeCall,
  shape: z.ZodType<T>,
): Promise<T> {
  const { headers, body } = content === null ? { headers: {}, body: null } : jsonBody(content);
  return withRetries(retrying, async () => {
    const answer = await exchange({
      ...{ method, path, idleTimeoutMs: 60_000 },
      headers: {
        ...headers,
        Accept: 'application/json',
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
      ...(body === null ? {} : { body }),
    });
    if (answer.status >= 400) throw await readProblem(answer);
    return readJson(answer, shape);
  });
}
