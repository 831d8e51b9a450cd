import { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { Channel } from '../../shared/domain/channel';

// The protocol as bytes on a wire, so that tests hold the server to it and not to our own reference client.

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  /** The body as JSON; undefined where it is none. */
  readonly json: Json;
}

/** JSON as a test reads it: a member that is not there is undefined, and the expectation then fails. */
export interface Json {
  readonly [member: string]: Json;
  readonly [index: number]: Json;
}

export interface Call {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

/** One HTTP call, on a connection of its own. Rejects where the connection breaks. */
export function call(url: string, { method = 'GET', headers = {}, body }: Call = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = open(url, method, {
      ...headers,
      ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
    });
    answerTo(sent).then(resolve, reject);
    sent.end(body);
  });
}

/** A request whose body the test sends piece by piece. */
export function open(url: string, method: string, headers: Record<string, string>): ClientRequest {
  return request(url, { method, headers, agent: false });
}

/** The response of the server. Rejects if the connection breaks before it is complete. */
export function answerTo(sent: ClientRequest): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    // Who refuses without reading may close the connection under the rest of the body.
    sent.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    sent.once('response', (response) => {
      isAnswered = true;
      read(response).then(resolve, reject);
    });
  });
}

async function read(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
  const body = Buffer.concat(chunks);
  const text = body.toString('utf8');
  return { status: response.statusCode ?? 0, headers: response.headers, body, text, json: parsed(text) };
}

function parsed(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined as unknown as Json;
  }
}

/** A member that must be a text, as a text. */
export function textOf(member: unknown): string {
  if (typeof member !== 'string') throw new Error(`No text: ${JSON.stringify(member)}`);
  return member;
}

export interface Credentials {
  readonly mail: string;
  readonly secret: string | null;
  readonly mac: string;
}

/** POST login. */
export function login(
  url: string,
  { mail, secret, mac }: Credentials,
  { channel = 'synchro', headers = {} }: { channel?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return call(`${url}/v4/${channel}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify({ mail_solution: mail, MAC: mac, ...(secret === null ? {} : { secret }) }),
  });
}

export type SolutionClient = ReturnType<typeof createSolutionClient>;

/** One channel of a solution that has signed in. */
export function createSolutionClient(url: string, token: string, channel = 'synchro') {
  const base = `${url}/v4/${channel}`;
  const authorized = { Authorization: `Bearer ${token}` };
  const send = (path: string, { headers, ...rest }: Call = {}) =>
    call(`${base}/${path}`, { ...rest, headers: { ...authorized, ...headers } });

  return {
    url,
    base,
    token,
    authorized,
    send,
    on: (other: Channel) => createSolutionClient(url, token, other),
    statut: (query = '', headers: Record<string, string> = {}) => send(`statut${query}`, { headers }),
    lastIdLogs: () => send('lastIdLogs'),
    listSyncParams: () => send('listSyncParams'),
    /** The archive as the part `file` of a form, as V4 solutions send it. */
    postForm: (archive: Buffer, form: FormParts = {}, headers: Record<string, string> = {}) =>
      send('datas', { method: 'POST', ...formOf(archive, form, headers) }),
    postBare: (archive: Buffer, headers: Record<string, string> = {}) =>
      send('datas', {
        method: 'POST',
        body: archive,
        headers: { 'Content-Type': 'application/zip', ...headers },
      }),
    download: (headers: Record<string, string> = {}) => send('datas', { headers }),
    confirm: (body?: object, headers: Record<string, string> = { 'Content-Type': 'application/json' }) =>
      send('confirm', {
        method: 'POST',
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    sync: () => send('sync'),
    photo: (name: string, headers: Record<string, string> = {}) =>
      send(`files/${encodeURIComponent(name)}`, { headers }),
  };
}

export interface FormParts {
  readonly name?: string;
  readonly filename?: string;
  readonly sha256?: string;
}

const boundary = '----epack-test-boundary';

/** The body and the headers of a form with one file. */
export function formOf(
  archive: Buffer,
  { name = 'file', filename = 'C:\\ePack\\sync\\sync_datas.zip', sha256 }: FormParts = {},
  headers: Record<string, string> = {},
): { body: Buffer; headers: Record<string, string> } {
  const field =
    sha256 === undefined
      ? ''
      : `--${boundary}\r\nContent-Disposition: form-data; name="sha256"\r\n\r\n${sha256}\r\n`;
  const head = `${field}--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="${filename}"\r\nContent-Type: application/x-zip-compressed\r\n\r\n`;
  return {
    body: Buffer.concat([Buffer.from(head), archive, Buffer.from(`\r\n--${boundary}--\r\n`)]),
    headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}`, ...headers },
  };
}
