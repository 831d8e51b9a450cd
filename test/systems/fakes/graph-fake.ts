import { randomUUID } from 'node:crypto';
import { createDelta, type Delta } from './graph/delta';
import { checkTag, createLibrary, type Library, LibraryError, type Row, shownItem } from './graph/library';
import { createRequestCheck } from './graph/request-check';
import { createUploads, type Uploads } from './graph/uploads';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';

/** A Microsoft Graph with one library, and beside it the server that takes and gives the bytes of files. */
export interface GraphFake {
  readonly http: HttpFake;
  readonly storage: HttpFake;
  readonly url: string;
  readonly auth: { readonly tenant: string; readonly clientId: string; readonly clientSecret: string };
  readonly site: string;
  readonly libraryName: string;
  readonly library: Library;
  readonly delta: Delta;
  readonly uploads: Uploads;
  /** The parts of requests that are not in the document of Graph. */
  readonly violations: string[];
  /** The missing rights: all writing, or single items. */
  readonly rights: { isReadOnly: boolean; readonly forbidden: Set<string> };
  /** Seconds that a token is said to hold. */
  tokenSeconds: number;
  /** Tokens that were given out are refused from now on. */
  expireTokens(): void;
  /** Addresses of bytes that were given out are refused from now on. */
  expireDownloads(): void;
  close(): Promise<void>;
}

const base = '/v1.0';
const site = { host: 'contoso.sharepoint.com', path: 'sites/akten', id: 'contoso.sharepoint.com,4711,0815' };
const driveId = 'b!drive-of-the-fake';

export async function startGraphFake(port = 0): Promise<GraphFake> {
  const library = createLibrary();
  const uploads = createUploads(library);
  const tokens = new Set<string>();
  const downloads = new Map<string, string>();
  const check = createRequestCheck(base);
  const violations: string[] = [];
  const storage = await startHttpFake((request) => answered(() => stored(request)));
  const http = await startHttpFake((request) => answered(() => respond(request)), port);
  const delta = createDelta(library, (path) => `${http.url}${path}`);
  const auth = {
    tenant: 'tenant-of-the-fake',
    clientId: 'client-0815',
    clientSecret: 'secret-of-the-fake-graph',
  };
  const rights = { isReadOnly: false, forbidden: new Set<string>() };

  const shown = (row: Row): Record<string, unknown> => {
    const item = shownItem(library, row, false);
    if (row.bytes === null || row.bytes.length === 0) return item;
    const key = randomUUID();
    downloads.set(key, row.id);
    return { ...item, '@microsoft.graph.downloadUrl': `${storage.url}/download/${key}?tempauth=${key}` };
  };

  const door: Door = {
    library,
    rights,
    shown,
    delta: (request) => delta.answer(request),
    beginUpload: (target) => `${storage.url}/upload/${uploads.begin(target)}?tempauth=1`,
    urlOf: (path) => `${http.url}${path}`,
  };

  function respond(request: FakeRequest): FakeAnswer {
    const { path, headers } = request;
    if (path.endsWith('/oauth2/v2.0/token')) return giveToken(request);
    violations.push(...check(request));
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? '')?.[1] ?? '';
    if (!tokens.has(token))
      return errorAnswer(401, 'InvalidAuthenticationToken', 'Access token has expired.');
    if (!path.startsWith(`${base}/`)) return errorAnswer(404, 'ResourceNotFound', 'Invalid version');
    return serve(door, { ...request, path: path.slice(base.length) }, request);
  }

  function giveToken({ path, text }: FakeRequest): FakeAnswer {
    const form = new URLSearchParams(text);
    const isOurs =
      path === `/${auth.tenant}/oauth2/v2.0/token` &&
      form.get('client_id') === auth.clientId &&
      form.get('client_secret') === auth.clientSecret &&
      form.get('grant_type') === 'client_credentials' &&
      form.get('scope') === `${http.url}/.default`;
    if (!isOurs)
      return {
        status: 401,
        json: { error: 'invalid_client', error_description: 'AADSTS7000215: Invalid secret' },
      };
    const token = `token-${randomUUID()}`;
    tokens.add(token);
    return {
      status: 200,
      json: { token_type: 'Bearer', expires_in: fake.tokenSeconds, access_token: token },
    };
  }

  function stored(request: FakeRequest): FakeAnswer {
    if (request.path.startsWith('/upload/')) return uploads.handle(request);
    // Its address is all that it wants; a token would be given to another host.
    if (request.headers.authorization !== undefined)
      return errorAnswer(400, 'invalidRequest', 'No token here');
    const id = downloads.get(request.path.split('/').at(-1) ?? '');
    const bytes = id === undefined ? null : (library.rows.get(id)?.bytes ?? null);
    if (bytes === null) return errorAnswer(401, 'unauthenticated', 'The address has expired');
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from === 0) return { status: 200, bytes };
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    return { status: 206, bytes: bytes.subarray(from), headers: { 'content-range': range } };
  }

  const fake: GraphFake = {
    http,
    storage,
    url: http.url,
    auth,
    site: `${site.host}:/${site.path}`,
    libraryName: 'Dokumente',
    library,
    delta,
    uploads,
    violations,
    rights,
    tokenSeconds: 3_600,
    expireTokens: () => tokens.clear(),
    expireDownloads: () => downloads.clear(),
    close: async () => {
      await Promise.all([http.close(), storage.close()]);
    },
  };
  return fake;
}

interface Door {
  readonly library: Library;
  readonly rights: GraphFake['rights'];
  readonly shown: (row: Row) => Record<string, unknown>;
  readonly delta: (request: FakeRequest) => FakeAnswer;
  readonly beginUpload: (target: Parameters<Uploads['begin']>[0]) => string;
  readonly urlOf: (path: string) => string;
}

function answered(serveIt: () => FakeAnswer): FakeAnswer {
  try {
    return serveIt();
  } catch (error) {
    if (!(error instanceof LibraryError)) throw error;
    return errorAnswer(error.status, error.code, error.message);
  }
}

const errorAnswer = (status: number, code: string, message: string): FakeAnswer => ({
  status,
  json: {
    error: { code, message, innerError: { 'request-id': randomUUID(), date: new Date().toISOString() } },
  },
});

const isWrite = ({ method }: FakeRequest) => method !== 'GET';

function serve(door: Door, request: FakeRequest, asked: FakeRequest): FakeAnswer {
  const { path } = request;
  if (path === `/sites/${site.host}:/${site.path}`) return { status: 200, json: { id: site.id } };
  if (path === `/sites/${site.id}/drives`)
    return {
      status: 200,
      json: {
        value: [
          { id: 'b!other', name: 'Formulare' },
          { id: driveId, name: 'Dokumente', quota: { state: 'normal', remaining: 1_000_000_000 } },
        ],
      },
    };
  const drive = `/drives/${driveId}`;
  if (!path.startsWith(`${drive}/`))
    return errorAnswer(404, 'itemNotFound', 'The resource could not be found.');
  if (door.rights.isReadOnly && isWrite(request)) return errorAnswer(403, 'accessDenied', 'Access denied');
  const rest = path.slice(drive.length);
  if (rest === '/root/delta') return door.delta(asked);
  return serveItem(door, request, rest);
}

/** `/items/{id}`, `/items/{id}:/{path}:`, `/root`, `/root:/{path}:`, and what may follow. */
const addressed = /^\/(?:items\/([^/:]+)|root)(?::\/(.*?)(?::(?=\/|$)|$))?(\/[A-Za-z]+)?$/s;

interface Addressed {
  readonly start: Row;
  readonly names: readonly string[];
  readonly action: string;
}

function serveItem(door: Door, request: FakeRequest, rest: string): FakeAnswer {
  const { library, rights } = door;
  const found = addressed.exec(rest);
  if (found === null) return errorAnswer(400, 'BadRequest', `Resource not found for the segment ${rest}`);
  const [, id, path = '', action = ''] = found;
  const start = id === undefined ? library.root : library.get(id);
  if (rights.forbidden.has(start.id)) return errorAnswer(403, 'accessDenied', 'Access denied');
  const names = path.split('/').filter((name) => name !== '');
  return serveAction(door, request, { start, names, action });
}

function serveAction(door: Door, request: FakeRequest, at: Addressed): FakeAnswer {
  const { library, shown } = door;
  switch (`${request.method} ${at.action}`) {
    case 'GET ':
      return { status: 200, json: shown(rowAt(library, at)) };
    case 'GET /children':
      return children(door, request, rowAt(library, at));
    case 'POST /children':
      return { status: 201, json: shown(makeFolder(library, rowAt(library, at), request.json)) };
    case 'PUT /content':
      return putContent(door, request, at);
    case 'POST /createUploadSession':
      return {
        status: 200,
        json: {
          uploadUrl: door.beginUpload(targetOf(library, request, at)),
          expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
        },
      };
    case 'PATCH ':
      return { status: 200, json: shown(patch(library, rowAt(library, at), request)) };
    case 'DELETE ':
      return remove(library, rowAt(library, at), request);
    default:
      return errorAnswer(405, 'notSupported', 'The request is not supported');
  }
}

function rowAt(library: Library, { start, names }: Addressed): Row {
  let row = start;
  for (const name of names) {
    const next = library.at(row.id, name);
    if (next === null) throw new LibraryError(404, 'itemNotFound', 'The resource could not be found.');
    row = next;
  }
  return row;
}

const childPage = 3;

function children({ library, shown, urlOf }: Door, { path, query }: FakeRequest, row: Row): FakeAnswer {
  const all = library.childrenOf(row.id);
  const skip = Number(query.get('$skiptoken') ?? 0);
  const next = urlOf(`${base}${encodeURI(path)}?$skiptoken=${skip + childPage}`);
  return {
    status: 200,
    json: {
      value: all.slice(skip, skip + childPage).map((child) => shown(child)),
      ...(skip + childPage < all.length ? { '@odata.nextLink': next } : {}),
    },
  };
}

const objectIn = (json: unknown): Record<string, unknown> =>
  typeof json === 'object' && json !== null ? { ...json } : {};

function makeFolder(library: Library, parent: Row, json: unknown): Row {
  const { name, ...rest } = objectIn(json);
  if (typeof name !== 'string') throw new LibraryError(400, 'invalidRequest', 'A name is needed');
  library.checkName(parent.id, name);
  const taken = library.at(parent.id, name);
  if (taken === null) return library.add({ parent: parent.id, name, bytes: null });
  if (rest['@microsoft.graph.conflictBehavior'] === 'fail')
    throw new LibraryError(409, 'nameAlreadyExists', 'The specified item name already exists.');
  return taken;
}

/** Where a content goes: to an item that is there, or to a name in a folder. */
function targetOf(library: Library, { headers, json, query }: FakeRequest, at: Addressed) {
  const behavior = behaviorIn(json) ?? query.get('@microsoft.graph.conflictBehavior');
  const fileDate = dateIn(objectIn(json)['item']);
  if (at.names.length === 0) {
    const { start } = at;
    checkTag(start, headers['if-match']);
    if (start.isLocked)
      throw new LibraryError(423, 'resourceLocked', 'The file is checked out by someone else.');
    return {
      parent: start.parent ?? '',
      name: start.name,
      row: start,
      behavior: behavior ?? 'replace',
      fileDate,
    };
  }
  const name = at.names.at(-1) ?? '';
  const parent = rowAt(library, { ...at, names: at.names.slice(0, -1) });
  library.checkName(parent.id, name);
  if (parent.bytes !== null) throw new LibraryError(400, 'invalidRequest', 'The parent is no folder');
  return { parent: parent.id, name, row: null, behavior: behavior ?? 'replace', fileDate };
}

function dateIn(json: unknown): string | null {
  const at = objectIn(objectIn(json)['fileSystemInfo'])['lastModifiedDateTime'];
  return typeof at === 'string' ? at : null;
}

function behaviorIn(json: unknown): string | null {
  const behavior = objectIn(objectIn(json)['item'])['@microsoft.graph.conflictBehavior'];
  return typeof behavior === 'string' ? behavior : null;
}

function putContent({ library, shown }: Door, request: FakeRequest, at: Addressed): FakeAnswer {
  const { parent, name, row, behavior } = targetOf(library, { ...request, json: undefined }, at);
  const { bytes } = request;
  library.checkRoom(bytes.length);
  const there = row ?? library.at(parent, name);
  if (there === null) return { status: 201, json: shown(library.add({ parent, name, bytes })) };
  if (row === null && behavior === 'fail')
    throw new LibraryError(409, 'nameAlreadyExists', 'The specified item name already exists.');
  library.write(there, bytes);
  return { status: 200, json: shown(there) };
}

function patch(library: Library, row: Row, { headers, json }: FakeRequest): Row {
  checkTag(row, headers['if-match']);
  if (row.isLocked) throw new LibraryError(423, 'resourceLocked', 'The file is checked out by someone else.');
  const wish = objectIn(json);
  const date = dateIn(wish);
  if (date !== null) library.date(row, date);
  if (!('name' in wish) && !('parentReference' in wish)) return row;
  const name = typeof wish['name'] === 'string' ? wish['name'] : row.name;
  const wished = objectIn(wish['parentReference'])['id'];
  const parent = library.get(typeof wished === 'string' ? wished : (row.parent ?? ''));
  for (
    let above: Row | null = parent;
    above !== null;
    above = above.parent === null ? null : library.get(above.parent)
  )
    if (above.id === row.id)
      throw new LibraryError(400, 'invalidRequest', 'The folder cannot be moved there.');
  library.checkName(parent.id, name);
  const taken = library.at(parent.id, name);
  if (taken !== null && taken.id !== row.id)
    throw new LibraryError(409, 'nameAlreadyExists', 'Name already exists');
  library.move(row, parent.id, name);
  return row;
}

/** With all that lies in it. */
function remove(library: Library, row: Row, { headers }: FakeRequest): FakeAnswer {
  checkTag(row, headers['if-match']);
  if (row.isLocked) throw new LibraryError(423, 'resourceLocked', 'The file is checked out by someone else.');
  library.remove(row);
  return { status: 204 };
}
