import { randomUUID } from 'node:crypto';
import { namesIn } from '../../worker/systems/webdav/places';
import type { DocumentOutsider } from './document-contract';
import type { DavAddress } from './webdav';

/**
 * The server that `EPACK_TEST_WEBDAV_URL` names, e.g. `https://dav.example/files/us/`, with `EPACK_TEST_WEBDAV_USER` and
 * `EPACK_TEST_WEBDAV_PASSWORD`. Null: none. The tests make folders there and remove them.
 */
export function realDav(environment: NodeJS.ProcessEnv): DavAddress | null {
  const url = environment['EPACK_TEST_WEBDAV_URL'];
  if (url === undefined || url === '') return null;
  return {
    url: url.endsWith('/') ? url : `${url}/`,
    user: environment['EPACK_TEST_WEBDAV_USER'] ?? '',
    password: environment['EPACK_TEST_WEBDAV_PASSWORD'] ?? '',
  };
}

export interface RealFolder extends DocumentOutsider {
  readonly root: string;
  /** With all that lies in it. */
  end(): Promise<void>;
}

/** Somebody who works in a new folder of a server, and reaches it by WebDAV alone. */
export async function makeRealFolder(address: DavAddress): Promise<RealFolder> {
  const root = `epack ${randomUUID()} é&%`;
  const send = createSender(address);
  const at = (item: string) => (item === '' ? root : `${root}/${item}`);
  await send('MKCOL', `${root}/`);

  async function below(folder: string): Promise<string[]> {
    const answer = await send('PROPFIND', `${at(folder)}/`, { headers: { depth: '1' } });
    const own = namesIn(new URL(address.url).pathname)?.length ?? 0;
    const depth = own + at(folder).split('/').length;
    const found: string[] = [];
    for (const [, href = ''] of (await answer.text()).matchAll(/<(?:[\w-]+:)?href>([^<]*)</gi)) {
      const address = href.trim().replaceAll('&amp;', '&');
      const name = (namesIn(address) ?? [])[depth];
      if (name === undefined) continue;
      const path = folder === '' ? name : `${folder}/${name}`;
      if (address.endsWith('/')) found.push(`${path}/`, ...(await below(path)));
      else found.push(path);
    }
    return found;
  }
  /** The address of a folder ends with a slash, which some servers demand. */
  async function asItIs(item: string): Promise<string> {
    const isFolder = (await below('')).includes(`${item}/`);
    return `${at(item)}${isFolder ? '/' : ''}`;
  }
  return {
    root,
    async makeFolder(item) {
      await send('MKCOL', `${at(item)}/`);
    },
    async write(item, bytes) {
      await send('PUT', at(item), { body: new Uint8Array(Buffer.from(bytes)) });
    },
    read: async (item) => Buffer.from(await (await send('GET', at(item))).arrayBuffer()),
    async move(from, to) {
      const path = await asItIs(from);
      const destination = addressOf(address, `${at(to)}${path.endsWith('/') ? '/' : ''}`);
      await send('MOVE', path, { headers: { destination, overwrite: 'F' } });
    },
    async remove(item) {
      await send('DELETE', await asItIs(item));
    },
    paths: () => below(''),
    async end() {
      await send('DELETE', `${root}/`);
    },
  };
}

const addressOf = ({ url }: DavAddress, path: string): string =>
  `${url}${path.split('/').map(encodeURIComponent).join('/')}`;

interface Sent {
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
}

function createSender(address: DavAddress) {
  const credentials = Buffer.from(`${address.user}:${address.password}`).toString('base64');
  return async (method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Response> => {
    const answer = await fetch(addressOf(address, path), {
      method,
      body: body ?? null,
      headers: { authorization: `Basic ${credentials}`, ...headers },
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}`);
    return answer;
  };
}
