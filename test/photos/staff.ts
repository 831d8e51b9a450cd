import type { TestServer } from '../setup/server';
import { type Answer, call, textOf } from '../setup/solution-client';

/** Someone who is signed in at the backoffice of a server. */
export interface Staff {
  readonly token: string;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

export async function signInStaff(
  { url, admin }: Pick<TestServer, 'url' | 'admin'>,
  credentials: { readonly email: string; readonly password: string } = admin,
): Promise<Staff> {
  const json = { 'Content-Type': 'application/json' };
  const session = await call(`${url}/api/session`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify(credentials),
  });
  const token = textOf(session.json['token']);
  const authorized = { Authorization: `Bearer ${token}` };
  return {
    token,
    send: (method, path, body) =>
      call(`${url}${path}`, {
        method,
        headers: body === undefined ? authorized : { ...authorized, ...json },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

/** Someone of that role, who sees these accounts. */
export async function newStaff(
  server: Pick<TestServer, 'url' | 'admin'>,
  role: 'manager' | 'viewer',
  accounts: readonly string[],
): Promise<Staff> {
  const admin = await signInStaff(server);
  made += 1;
  const credentials = { email: `${role}-${made}@example.org`, password: 'a password of some length' };
  const answer = await admin.send('POST', '/api/users', { ...credentials, role, accounts });
  if (answer.status !== 201) throw new Error(answer.text);
  return signInStaff(server, credentials);
}

let made = 0;

export async function newAccount(admin: Staff, name: string): Promise<string> {
  return textOf((await admin.send('POST', '/api/accounts', { name })).json['id']);
}
