import { z } from 'zod';
import type { FolderEnd } from '../../../shared/systems/settings-parts';
import type { SharepointSettings } from '../../../shared/systems/sharepoint';
import { Trouble } from '../../pipeline/trouble';
import { type DriveItem, readItem } from './drive-items';
import { encodedPath, type GraphApi } from './graph-api';
import { isNotFound, isSuccess, troubleOf } from './graph-error';

/** One library of a site, and the folder in it that is kept equal. */
export interface Library {
  /** The path of its drive: `/drives/b!…`. */
  drive(signal: AbortSignal): Promise<string>;
  /** Fetches the folder again. Throws `root-missing`. */
  lookAtRoot(signal: AbortSignal): Promise<Root>;
  /** The folder as it was last fetched. */
  root(signal: AbortSignal): Promise<Root>;
  /** Fetches the drive again. */
  lookAtDrive(signal: AbortSignal): Promise<Drive>;
}

export interface Root {
  readonly drivePath: string;
  readonly id: string;
  /** True: the folder is the library itself, so everything is in it. */
  readonly isWholeDrive: boolean;
}

const drive = z.looseObject({
  id: z.string().min(1),
  name: z.string().catch(''),
  quota: z.looseObject({ state: z.string().optional(), remaining: z.number().optional() }).nullish(),
});
export type Drive = z.output<typeof drive>;

const driveList = z.looseObject({ value: z.array(drive), '@odata.nextLink': z.string().optional() });
const site = z.looseObject({ id: z.string().min(1) });

export function createLibrary(
  api: GraphApi,
  settings: Pick<SharepointSettings, 'site' | 'library'>,
  end: FolderEnd,
): Library {
  const names = end.root.split('/').filter((name) => name !== '');
  let drivePath: string | null = null;
  let known: Root | null = null;

  async function lookAtDrive(signal: AbortSignal): Promise<Drive> {
    const found = await findDrive(api, settings, signal);
    drivePath = `/drives/${encodeURIComponent(found.id)}`;
    return found;
  }

  async function pathOfDrive(signal: AbortSignal): Promise<string> {
    if (drivePath !== null) return drivePath;
    const { id } = await lookAtDrive(signal);
    return `/drives/${encodeURIComponent(id)}`;
  }

  async function lookAtRoot(signal: AbortSignal): Promise<Root> {
    known = null;
    const ofDrive = await pathOfDrive(signal);
    const item = await readRoot(api, ofDrive, names, signal);
    if (item === null) {
      // The library may have been deleted and created again under the same name.
      drivePath = null;
      throw new Trouble('root-missing', `there is no folder "${names.join('/')}" in "${settings.library}"`);
    }
    known = { drivePath: ofDrive, id: item.id, isWholeDrive: names.length === 0 };
    return known;
  }

  return {
    drive: pathOfDrive,
    lookAtDrive,
    lookAtRoot,
    root: async (signal) => known ?? lookAtRoot(signal),
  };
}

/** Null: it does not exist, or it is not a folder. */
async function readRoot(
  api: GraphApi,
  drivePath: string,
  names: readonly string[],
  signal: AbortSignal,
): Promise<DriveItem | null> {
  const path = `${drivePath}/root${names.length === 0 ? '' : `:/${encodedPath(names)}`}`;
  const answer = await api.call(
    { operation: 'root', method: 'GET', path: `${path}?$select=id,name,folder` },
    signal,
  );
  if (isNotFound(answer)) return null;
  if (!isSuccess(answer)) throw troubleOf(answer, 'the folder of the pair cannot be read');
  const item = readItem(answer.json);
  return item.folder === undefined && names.length > 0 ? null : item;
}

async function findDrive(
  api: GraphApi,
  { site: written, library }: Pick<SharepointSettings, 'site' | 'library'>,
  signal: AbortSignal,
): Promise<Drive> {
  const siteId = await findSite(api, written, signal);
  const drives: Drive[] = [];
  let path: string | null = `/sites/${encodeURIComponent(siteId)}/drives?$select=id,name,driveType,quota`;
  for (let pages = 0; path !== null && pages < mostPages; pages++) {
    const answer = await api.call({ operation: 'root', method: 'GET', path }, signal);
    if (!isSuccess(answer)) throw troubleOf(answer, `the libraries of ${written} cannot be read`);
    const page = driveList.safeParse(answer.json).data;
    if (page === undefined) throw new Trouble('unavailable', 'the answer does not have the form of a list');
    drives.push(...page.value);
    const next = page['@odata.nextLink'];
    path = next === undefined ? null : api.pathOf(next);
  }
  const found =
    drives.find(({ name }) => name === library) ??
    drives.find(({ name }) => name.toLowerCase() === library.toLowerCase());
  if (found !== undefined) return found;
  const there = drives.map(({ name }) => name).join(', ');
  throw new Trouble('root-missing', `the site ${written} has no library "${library}", but: ${there}`);
}

/** A site has few libraries. More pages than this cannot be a list of libraries. */
const mostPages = 50;

/** `host`, `host:/sites/name`, or the id of a site: `host,guid,guid`. */
async function findSite(api: GraphApi, written: string, signal: AbortSignal): Promise<string> {
  const [host = '', path = ''] = written.split(':');
  const names = path.split('/').filter((name) => name !== '');
  const address = names.length === 0 ? encodeURIComponent(host) : `${host}:/${encodedPath(names)}`;
  const call = { operation: 'root', method: 'GET', path: `/sites/${address}?$select=id` } as const;
  const answer = await api.call(call, signal);
  if (isNotFound(answer)) throw new Trouble('root-missing', `there is no site ${written}`);
  if (!isSuccess(answer)) throw troubleOf(answer, `the site ${written} cannot be read`);
  const parsed = site.safeParse(answer.json).data;
  if (parsed === undefined) throw new Trouble('unavailable', 'the answer does not have the form of a site');
  return parsed.id;
}
