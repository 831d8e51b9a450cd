import { createHmac, randomBytes } from 'node:crypto';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';

// An Advoware as the notes of those who sync with one describe it. There is no public one to compare it with.

export type AdvowareRow = Record<string, unknown>;

export interface AdvowareFake {
  readonly http: HttpFake;
  readonly url: string;
  readonly auth: AdvowareAuth;
  readonly rows: ReadonlyMap<number, AdvowareRow>;
  /** By a person in its office program. */
  add(fields: object): number;
  edit(betNr: number, fields: object): void;
  remove(betNr: number): void;
  /** All tokens that it has given are worth nothing from now on. */
  expireTokens(): void;
  /** How a POST is answered: as an object with the `rowId`, without it, or as a list. */
  postAnswer: 'object' | 'bare' | 'list';
  /** False: a PUT is answered with nothing but its status. */
  answersPut: boolean;
  close(): Promise<void>;
}

export interface AdvowareAuth {
  readonly appId: string;
  readonly apiKey: string;
  readonly kanzlei: string;
  readonly database: string;
  readonly user: string;
  readonly password: string;
}

/** Eight of fourteen are kept; the others it takes, and forgets. */
export const keptByAdvoware = [
  'name',
  'vorname',
  'rechtsform',
  'titel',
  'anrede',
  'bAnrede',
  'geburtsdatum',
  'bemerkung',
];
export const forgottenByAdvoware = ['tel', 'zusatz', 'ustId', 'art', 'sterbedatum', 'familienstand'];
/** Set by a register alone. */
const readOnly = ['handelsRegisterNummer', 'registergericht'];

export async function startAdvowareFake(port?: number): Promise<AdvowareFake> {
  const rows = new Map<number, AdvowareRow>();
  const auth: AdvowareAuth = {
    appId: 'app-123',
    apiKey: Buffer.from('test-secret-key').toString('base64'),
    kanzlei: 'musterkanzlei',
    database: 'datenbank-1',
    user: 'sync-user',
    password: 'fake-advoware-password',
  };
  let tokens = new Set<string>();
  const nonces = new Set<string>();
  let numbers = 104_710;

  const http = await startHttpFake((request) => handle(request), port);
  const fake: AdvowareFake = {
    http,
    url: http.url,
    auth,
    rows,
    add: (fields) => insert({ ...fields }, [...keptByAdvoware, ...readOnly, ...forgottenByAdvoware]),
    edit(betNr, fields) {
      const row = rows.get(betNr);
      if (row === undefined) throw new Error(`there is no ${betNr}`);
      Object.assign(row, fields, { rowId: newRowId() });
    },
    remove: (betNr) => void rows.delete(betNr),
    expireTokens: () => (tokens = new Set()),
    postAnswer: 'object',
    answersPut: true,
    close: () => http.close(),
  };
  return fake;

  function handle(request: FakeRequest): FakeAnswer {
    const { method, path, headers } = request;
    if (path === '/api/v1/Token' && method === 'POST') return giveToken(request);
    const [, bearer = ''] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
    if (!tokens.has(bearer)) return { status: 401, json: { message: 'The token is not valid.' } };
    const [, number] = /^\/api\/v1\/advonet\/Beteiligte(?:\/(\d+))?$/.exec(path) ?? [];
    if (!path.startsWith('/api/v1/advonet/Beteiligte')) return { status: 404 };
    if (number === undefined) return method === 'POST' ? post(request) : list(method, path);
    const row = rows.get(Number(number));
    if (row === undefined) return { status: 404, json: { message: 'Nicht gefunden.' } };
    switch (method) {
      case 'GET':
        return { status: 200, json: [row] };
      case 'PUT':
        return put(request, row);
      case 'DELETE':
        rows.delete(Number(number));
        return { status: 200 };
      default:
        return { status: 405 };
    }
  }

  function list(method: string, path: string): FakeAnswer {
    if (method !== 'GET') return { status: 405 };
    return path.endsWith('/Beteiligte') ? { status: 200, json: [...rows.values()] } : { status: 404 };
  }

  function giveToken({ json }: FakeRequest): FakeAnswer {
    const asked = isGroup(json) ? json : {};
    const text = (name: string) => (typeof asked[name] === 'string' ? asked[name] : '');
    const [nonce, time] = [text('Nonce'), text('RequestTimeStamp')];
    const signature = createHmac('sha512', Buffer.from(auth.apiKey, 'base64'))
      .update(`64:${text('AppID')}:${nonce}:${time}`)
      .digest('base64');
    const isOurs =
      text('AppID') === auth.appId &&
      text('Kanzlei') === auth.kanzlei &&
      text('Database') === auth.database &&
      text('User') === auth.user &&
      text('Password') === auth.password &&
      asked['Product'] === 64 &&
      asked['Role'] === 2;
    const isInTime = Math.abs(Date.parse(time) - Date.now() - http.clockOffsetMs) < 5 * 60_000;
    const isWritten = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/.test(time);
    if (!isOurs || text('HMAC512Signature') !== signature || !isInTime || !isWritten || nonces.has(nonce))
      return { status: 401, json: { message: 'The request for a token is refused.' } };
    nonces.add(nonce);
    const token = randomBytes(12).toString('hex');
    tokens.add(token);
    return { status: 200, json: { access_token: token, token_type: 'Bearer' } };
  }

  function post({ json }: FakeRequest): FakeAnswer {
    const fields = isGroup(json) ? json : {};
    if (typeof fields['name'] !== 'string' || fields['name'] === '') return badRequest('name');
    if (!isDate(fields['geburtsdatum'])) return badRequest('geburtsdatum');
    const betNr = insert(fields, keptByAdvoware);
    const rowId = rows.get(betNr)?.['rowId'];
    switch (fake.postAnswer) {
      case 'object':
        return { status: 201, json: { ...fields, betNr, rowId } };
      case 'bare':
        return { status: 201, json: { betNr } };
      case 'list':
        return { status: 200, json: [{ betNr, rowId }] };
    }
  }

  /** It replaces the record: what is not sent is gone. */
  function put({ json }: FakeRequest, row: AdvowareRow): FakeAnswer {
    const fields = isGroup(json) ? json : {};
    if (typeof fields['name'] !== 'string' || fields['name'] === '') return badRequest('name');
    if (!isDate(fields['geburtsdatum'])) return badRequest('geburtsdatum');
    for (const name of keptByAdvoware) row[name] = fields[name] ?? null;
    row['rowId'] = newRowId();
    // An echo of what was sent, whatever was kept of it.
    return fake.answersPut ? { status: 200, json: [{ ...fields, rowId: row['rowId'] }] } : { status: 200 };
  }

  function insert(fields: AdvowareRow, kept: readonly string[]): number {
    numbers += 1;
    const known = [...keptByAdvoware, ...forgottenByAdvoware, ...readOnly];
    const row = Object.fromEntries(
      known.map((name) => [name, kept.includes(name) ? (fields[name] ?? null) : null]),
    );
    rows.set(numbers, { betNr: numbers, ...row, rowId: newRowId(), geaendertAm: '1899-12-30T00:00:00' });
    return numbers;
  }
}

const newRowId = () => randomBytes(9).toString('base64');

const isDate = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'string' && /^\d{4}-\d\d-\d\dT00:00:00$/.test(value));

const badRequest = (field: string): FakeAnswer => ({
  status: 400,
  json: { message: `${field} is not valid` },
});

const isGroup = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
