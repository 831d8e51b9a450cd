import { randomUUID } from 'node:crypto';
import type { Staff, TestBackoffice } from '../backoffice/backoffice';

/** A customer with kitchens that follow a template. */
export interface Chain {
  readonly account: string;
  readonly template: string;
  /** e.g. `/api/templates/2`. */
  readonly path: string;
  readonly kitchens: readonly string[];
  /** Sets fields of an entity of the template. */
  put(className: string, id: string, fields: object): Promise<void>;
  /** To all kitchens at once. */
  sendOut(): Promise<unknown>;
}

type Parts = Pick<TestBackoffice, 'admin'>;

export async function newChain(backoffice: Parts, kitchens = 2): Promise<Chain> {
  const { admin } = backoffice;
  const account = await must(admin, 'POST', '/api/accounts', { name: randomUUID() });
  const template = await must(admin, 'POST', '/api/templates', { account, name: 'Bistros' });
  const path = `/api/templates/${template}`;
  const solutions: string[] = [];
  for (let number = 1; number <= kitchens; number++)
    solutions.push(await addKitchen(backoffice, account, `Bistro ${number}`));
  if (kitchens > 0) await must(admin, 'POST', `${path}/sites`, { solutions });
  return {
    account,
    template,
    path,
    kitchens: solutions,
    put: async (className, id, fields) => {
      await must(admin, 'PUT', `${path}/params/${className}/${id}`, { fields });
    },
    sendOut: async () => (await admin.call('POST', `${path}/send-out`)).json,
  };
}

/** Returns its id. */
export const addKitchen = ({ admin }: Parts, account: string, name: string): Promise<string> =>
  must(admin, 'POST', '/api/solutions', { mail: `${randomUUID()}@example.org`, name, account });

/** A call that must go well. Returns the id in its response. */
async function must({ call }: Staff, method: string, path: string, body?: unknown): Promise<string> {
  const answer = await call(method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return String(answer.at('id'));
}

/** What staff see of a setting of a kitchen. */
export const settingOf = async (
  { admin }: Parts,
  solution: string | undefined,
  className: string,
  id: string,
) => (await admin.call('GET', `/api/solutions/${solution}/params/${className}/${id}`)).json;
