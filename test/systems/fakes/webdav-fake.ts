import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake';

/** A file or folder at a path. */
export interface DavNode {
  /** Null: a folder. */
  readonly bytes: Buffer | null;
  readonly number: number;
  /** It stays with the item. */
  readonly id: number;
  /** When its content was made, as the client said. */
  readonly madeAt: Date | null;
  key: string | null;
}

/** How a server lies, or what it cannot do. */
export interface DavHabits {
  /** `fixed`: the same whatever is stored; `md5`: of the bytes. */
  tags: 'counted' | 'fixed' | 'md5' | 'none';
  /** It says that it has stored what it has not. */
  storesNothing: boolean;
  /** How a listing is sent. */
  listings: 'whole' | 'cut' | 'outside' | 'upwards' | 'entities' | 'elsewhere' | 'absolute' | 'unencoded';
  /** It looks at no condition. */
  isHeedless: boolean;
  /** `readme` and `README` are one. */
  isCaseBlind: boolean;
  /** It gives every name this form. */
  form: 'NFC' | 'NFD' | null;
  /** Names with one of these are refused. */
  badCharacters: string;
  /** Bytes of all files. */
  quota: number;
  /** An answer to GET unpacks to so many bytes. */
  bombBytes: number | null;
  /** It has no property of ours, and no lock. */
  isPlain: boolean;
  /**
   * As ownCloud 10 does: each item has an `oc:id`, the checksums of a file are shown, and a file gets the time that
   * `X-OC-Mtime` says. LOCK is accepted and locks nothing, as Nextcloud does it.
   */
  isOwncloud: boolean;
}

export interface WebdavFake extends HttpFake {
  /** From its root; '' is the root. */
  readonly nodes: Map<string, DavNode>;
  readonly habits: DavHabits;
  write(path: string, bytes: string | Buffer): void;
  makeFolder(path: string): void;
  move(from: string, to: string): void;
  copy(from: string, to: string): void;
  remove(path: string): void;
  paths(): readonly string[];
}

const prefix = '/dav/';

export async function startWebdavFake(habits: Partial<DavHabits> = {}): Promise<WebdavFake> {
  const nodes = new Map<string, DavNode>([['', { bytes: null, number: 0, id: 0, madeAt: null, key: null }]]);
  const server = createServer(nodes, {
    tags: 'counted',
    storesNothing: false,
    listings: 'whole',
    isHeedless: false,
    isCaseBlind: false,
    form: null,
    badCharacters: '',
    quota: Infinity,
    bombBytes: null,
    isPlain: false,
    isOwncloud: false,
    ...habits,
  });
  const fake = await startHttpFake((request, own) => server.handle(request, own));
  return Object.assign(fake, {
    nodes,
    habits: server.habits,
    write: (path: string, bytes: string | Buffer) => server.store(path, Buffer.from(bytes)),
    makeFolder: (path: string) => server.store(path, null),
    move: (from: string, to: string) => server.move(from, to),
    copy: (from: string, to: string) => server.copy(from, to),
    remove: (path: string) => server.remove(path),
    paths: () =>
      [...nodes].flatMap(([path, { bytes }]) => (path === '' ? [] : [bytes === null ? `${path}/` : path])),
  });
}

function createServer(nodes: Map<string, DavNode>, habits: DavHabits) {
  let number = 0;
  const locked = new Map<string, string>();

  /** As the server spells it. */
  function spelled(path: string): string {
    const formed = habits.form === null ? path : path.normalize(habits.form);
    if (!habits.isCaseBlind) return formed;
    return [...nodes.keys()].find((one) => one.toLowerCase() === formed.toLowerCase()) ?? formed;
  }

  function store(path: string, bytes: Buffer | null, madeAt: Date | null = null): void {
    number += 1;
    const before = nodes.get(path);
    nodes.set(path, { bytes, number, id: before?.id ?? number, madeAt, key: before?.key ?? null });
  }

  /** A copy has the properties of its original, and an id of its own. */
  function copy(from: string, to: string): void {
    for (const path of [from, ...below(from)]) {
      const node = nodes.get(path);
      number += 1;
      if (node !== undefined) nodes.set(`${to}${path.slice(from.length)}`, { ...node, number, id: number });
    }
  }

  const below = (path: string) => [...nodes.keys()].filter((one) => one.startsWith(`${path}/`));

  function move(from: string, to: string): void {
    for (const path of [from, ...below(from)]) {
      const node = nodes.get(path);
      nodes.delete(path);
      if (node !== undefined) nodes.set(`${to}${path.slice(from.length)}`, node);
    }
  }

  function remove(path: string): void {
    for (const one of [path, ...below(path)]) nodes.delete(one);
  }

  const tagOf = ({ bytes, number: count }: DavNode): string | null => {
    if (bytes === null || habits.tags === 'none') return null;
    if (habits.tags === 'fixed') return '"always"';
    return habits.tags === 'md5' ? `"${createHash('md5').update(bytes).digest('hex')}"` : `"${count}"`;
  };

  function isHeld({ headers }: FakeRequest, node: DavNode | undefined): boolean {
    if (habits.isHeedless) return true;
    const tag = node === undefined ? null : tagOf(node);
    if (headers['if-none-match'] === '*' && node !== undefined) return false;
    const wanted = headers['if-match'] ?? /\(\[(.*)\]\)/.exec(String(headers['if'] ?? ''))?.[1];
    return wanted === undefined || wanted === tag;
  }

  function handle(request: FakeRequest, { url }: HttpFake): FakeAnswer {
    const path = spelled(request.path.slice(prefix.length).replace(/\/+$/, ''));
    const node = nodes.get(path);
    const parent = nodes.get(folderOf(path));
    if (!request.path.startsWith(prefix.slice(0, -1))) return { status: 404 };
    if (isLocked(request, path)) return { status: 423 };
    switch (request.method) {
      case 'OPTIONS':
        return { status: 200, headers: { dav: '1, 2', server: 'fake' } };
      case 'PROPFIND':
        return node === undefined ? { status: 404 } : list(path, request.headers['depth'] === '1', url);
      case 'GET':
        return node === undefined || node.bytes === null
          ? { status: 404 }
          : read(request, node.bytes, tagOf(node));
      case 'PUT':
        if (parent?.bytes !== null) return { status: 409 };
        if (node?.bytes === null) return { status: 405 };
        if (Array.from(habits.badCharacters).some((one) => path.includes(one))) return { status: 400 };
        if (!isHeld(request, node)) return { status: 412 };
        if (used(path) + request.bytes.length > habits.quota) return { status: 507 };
        if (!habits.storesNothing) store(path, request.bytes, saidTime(request));
        return {
          status: node === undefined ? 201 : 204,
          headers: saidTime(request) === null ? {} : { 'x-oc-mtime': 'accepted' },
        };
      case 'MKCOL':
        if (node !== undefined) return { status: 405 };
        if (parent?.bytes !== null) return { status: 409 };
        store(path, null);
        return { status: 201 };
      case 'MOVE':
        return moveTo(request, path, node);
      case 'DELETE':
        if (node === undefined) return { status: 404 };
        if (!isHeld(request, node)) return { status: 412 };
        remove(path);
        return { status: 204 };
      case 'PROPPATCH':
        if (node === undefined || habits.isPlain) return { status: 403 };
        node.key = /key>([^<]*)</.exec(request.text)?.[1] ?? null;
        return { status: 207, ...xml('<multistatus xmlns="DAV:"/>') };
      case 'LOCK':
        if (habits.isPlain) return { status: 405 };
        if (!habits.isOwncloud) locked.set(path, 'urn:lock');
        return { status: 200, headers: { 'lock-token': '<urn:lock>' } };
      case 'UNLOCK':
        locked.delete(path);
        return { status: 204 };
      default:
        return { status: 501 };
    }
  }

  /** Whole seconds since 1970. */
  function saidTime({ headers }: FakeRequest): Date | null {
    const seconds = headers['x-oc-mtime'];
    return habits.isOwncloud && typeof seconds === 'string' ? new Date(Number(seconds) * 1000) : null;
  }

  const used = (except: string) =>
    [...nodes].reduce((sum, [path, { bytes }]) => sum + (path === except ? 0 : (bytes?.length ?? 0)), 0);

  const isLocked = ({ method, headers }: FakeRequest, path: string) =>
    ['PUT', 'MKCOL', 'DELETE', 'MOVE'].includes(method) &&
    [...locked].some(
      ([one, token]) => `${path}/`.startsWith(`${one}/`) && !String(headers['if'] ?? '').includes(token),
    );

  function moveTo(request: FakeRequest, from: string, node: DavNode | undefined): FakeAnswer {
    const given = decodeURIComponent(new URL(String(request.headers['destination'])).pathname);
    const asked = given.slice(prefix.length).replace(/\/+$/, '');
    const to = spelled(asked);
    if (node === undefined) return { status: 404 };
    if (!isHeld(request, isAbout(request, to) ? nodes.get(to) : node)) return { status: 412 };
    if (nodes.get(folderOf(to))?.bytes !== null) return { status: 409 };
    if (nodes.has(to) && request.headers['overwrite'] === 'F' && !habits.isHeedless) return { status: 412 };
    if (nodes.has(to)) remove(to);
    move(from, habits.form === null ? asked : to);
    return { status: 201 };
  }

  /** The condition names the place that it would go to. */
  const isAbout = ({ headers }: FakeRequest, path: string): boolean => {
    const [, named] = /^<([^>]*)>/.exec(String(headers['if'] ?? '')) ?? [];
    return named !== undefined && decodeURIComponent(named) === `${prefix}${path}`;
  };

  function read({ headers }: FakeRequest, bytes: Buffer, tag: string | null): FakeAnswer {
    const own: Record<string, string> = tag === null ? {} : { etag: tag };
    if (habits.bombBytes !== null)
      return {
        status: 200,
        bytes: gzipSync(Buffer.alloc(habits.bombBytes)),
        headers: { 'content-encoding': 'gzip' },
      };
    const [, start] = /^bytes=(\d+)-$/.exec(headers['range'] ?? '') ?? [];
    if (start === undefined || headers['if-range'] !== tag) return { status: 200, bytes, headers: own };
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    return { status: 206, bytes: bytes.subarray(Number(start)), headers: { ...own, 'content-range': range } };
  }

  function list(path: string, isDeep: boolean, url: string): FakeAnswer {
    const inside = isDeep ? below(path === '' ? '' : path).filter((one) => folderOf(one) === path) : [];
    const all =
      path === '' && isDeep ? [...nodes.keys()].filter((one) => one !== '' && folderOf(one) === '') : inside;
    const responses = [path, ...all].map((one) => responseOf(one, url)).join('\n');
    const document = `<?xml version="1.0" encoding="utf-8"?>\n<d:multistatus xmlns:d="DAV:" xmlns:s="urn:epack:sync" xmlns:oc="http://owncloud.org/ns">${responses}`;
    switch (habits.listings) {
      case 'cut':
        return { status: 207, ...xml(isDeep ? document.slice(0, -40) : `${document}</d:multistatus>`) };
      case 'outside':
        return { status: 207, ...xml(`${document}${stranger('/elsewhere/secret.txt')}</d:multistatus>`) };
      case 'upwards':
        return {
          status: 207,
          ...xml(`${document}${stranger(`${prefix}%2e%2e/secret.txt`)}</d:multistatus>`),
        };
      case 'entities':
        return { status: 207, ...xml(bomb) };
      default:
        return { status: 207, ...xml(`${document}</d:multistatus>`) };
    }
  }

  function responseOf(path: string, url: string): string {
    const node = nodes.get(path);
    if (node === undefined) return '';
    const tag = tagOf(node);
    const properties = [
      `<d:resourcetype>${node.bytes === null ? '<d:collection/>' : ''}</d:resourcetype>`,
      node.bytes === null ? '' : `<d:getcontentlength>${node.bytes.length}</d:getcontentlength>`,
      tag === null ? '' : `<d:getetag>${tag.replaceAll('"', '&quot;')}</d:getetag>`,
      `<d:getlastmodified>${(node.madeAt ?? new Date(Date.UTC(2026, 10, 30) + node.number * 1000)).toUTCString()}</d:getlastmodified>`,
      habits.isOwncloud ? ownProperties(node) : '',
      node.key === null ? '' : `<s:key>${node.key}</s:key>`,
    ].join('');
    return `<d:response><d:href>${hrefOf(path, node, url)}</d:href><d:propstat><d:prop>${properties}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
  }

  function hrefOf(path: string, { bytes }: DavNode, url: string): string {
    const slash = bytes === null && path !== '' ? '/' : '';
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    switch (habits.listings) {
      case 'elsewhere':
        return `/behind/the/proxy${prefix}${encoded}${slash}`;
      case 'absolute':
        return `${url.replace('127.0.0.1', 'inside.example')}${prefix}${encoded}${slash}`;
      case 'unencoded':
        return `${prefix}${path.replaceAll('&', '&amp;')}${slash}`;
      default:
        return `${prefix}${encoded}${slash}`;
    }
  }

  return { habits, handle, store, move, copy, remove };
}

function ownProperties({ bytes, id }: DavNode): string {
  const ownId = `<oc:id>${String(id).padStart(8, '0')}ocfake</oc:id>`;
  if (bytes === null) return ownId;
  const [sha1, md5] = ['sha1', 'md5'].map((kind) => createHash(kind).update(bytes).digest('hex'));
  return `${ownId}<oc:checksums><oc:checksum>SHA1:${sha1} MD5:${md5} ADLER32:00000001</oc:checksum></oc:checksums>`;
}

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

const xml = (html: string) => ({ html, headers: { 'content-type': 'application/xml; charset=utf-8' } });

const stranger = (href: string) =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop><d:resourcetype/></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;

const bomb = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<d:multistatus xmlns:d="DAV:"><d:response><d:href>&b;</d:href></d:response></d:multistatus>`;
