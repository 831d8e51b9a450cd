import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { createWebdavConnector } from '../../worker/systems/webdav/webdav';
import type { Finding } from '../../worker/systems/probe';
import type { PathTree } from '../../worker/systems/tree/path-tree';
import type { DocumentOutsider } from './document-contract';
import { type TestOutside, testOutside } from './outside';
import type { DavServer } from './webdav-servers';

export interface OpenDav {
  readonly tree: PathTree;
  readonly outside: TestOutside;
}

export interface DavAddress {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

/** Opens a folder of a server, with what a probe has found where that is handed in. */
export async function openDav(
  { url, user, password }: DavAddress,
  root: string,
  found?: readonly Finding[],
): Promise<OpenDav> {
  const outside = testOutside('dav');
  const tree = await createWebdavConnector().openTree(
    {
      config: { url, auth: { user, password }, limits: { atOnce: 4 } },
      end: { root },
      fields: [],
      overlapMinutes: 0,
      secrets: [password],
      ...(found === undefined ? {} : { found }),
    },
    outside,
  );
  return { tree, outside };
}

export interface DavOutsider extends DocumentOutsider {
  /** As the server copies, with all its properties. What has the name is replaced. */
  copy(from: string, to: string): Promise<void>;
}

/** Somebody with another program, who works in a folder of the server. */
export function davOutsider(server: DavServer, root: string): DavOutsider {
  const authorization = `Basic ${Buffer.from(`${server.user}:${server.password}`).toString('base64')}`;
  const addressOf = (item: string) => {
    const names = `${root}/${item}`.split('/').filter((name) => name !== '');
    return `${server.url}${names.map(encodeURIComponent).join('/')}`;
  };
  const onDisk = (item: string) => path.join(server.folder, root, item);
  const send = async (
    method: string,
    item: string,
    {
      body = null,
      headers = {},
    }: { readonly body?: Uint8Array<ArrayBuffer> | null; readonly headers?: Record<string, string> } = {},
  ) => {
    const slash = isFolder(onDisk(item)) ? '/' : '';
    const answer = await fetch(`${addressOf(item)}${slash}`, {
      method,
      body,
      headers: { authorization, ...headers },
    });
    if (!answer.ok) throw new Error(`${method} ${item} was answered ${answer.status}`);
    await answer.arrayBuffer();
  };
  return {
    makeFolder: (item) => send('MKCOL', item),
    write: (item, bytes) => send('PUT', item, { body: new Uint8Array(Buffer.from(bytes)) }),
    read: (item) => readFile(onDisk(item)),
    move: (from, to) => send('MOVE', from, { headers: { destination: addressOf(to), overwrite: 'F' } }),
    copy: (from, to) => send('COPY', from, { headers: { destination: addressOf(to), overwrite: 'T' } }),
    remove: (item) => send('DELETE', item),
    paths: async () => below(onDisk(''), ''),
  };
}

/** Apache stores properties next to the files. They belong to the server. */
const ofTheServer = '.DAV';

function below(folder: string, prefix: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === ofTheServer) return [];
    const item = `${prefix}${entry.name}`;
    return entry.isDirectory() ? [`${item}/`, ...below(path.join(folder, entry.name), `${item}/`)] : [item];
  });
}

function isFolder(folder: string): boolean {
  try {
    readdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

/** The findings of an operator's probe of the server. */
export async function probed(address: DavAddress, root: string): Promise<readonly Finding[]> {
  const { tree } = await openDav(address, root);
  return (await tree.probe(new AbortController().signal)).findings;
}
