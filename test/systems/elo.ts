import { createEloConnector } from '../../worker/systems/elo/elo';
import type { RemoteSystem } from '../../worker/systems/remote-system';
import type { DocumentOutsider, DocumentStage } from './document-contract';
import { currentVersion, type EloArchive, type EloEntry, rootId } from './fakes/elo-archive';
import { type EloFake, type EloFakeOptions, startEloFake } from './fakes/elo-fake';
import type { FakeRequest } from './fakes/http-fake';
import { type TestOutside, testOutside } from './outside';

/** A system on an archive, as a slice of a pair opens one. */
export interface OpenedElo {
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

export async function openElo(
  { url, user, password }: Pick<EloFake, 'url' | 'user' | 'password'>,
  { root = 'Akten', fields = [] as readonly string[], ...config }: EloOpening = {},
): Promise<OpenedElo> {
  const outside = testOutside('elo');
  const system = await createEloConnector().open(
    {
      config: { url, auth: { user, password }, ...config },
      end: { root },
      fields,
      overlapMinutes: 10,
      secrets: [password],
    },
    outside,
  );
  return { system, outside };
}

export interface EloOpening {
  readonly root?: string;
  readonly fields?: readonly string[];
  readonly url?: string;
  readonly auth?: { readonly user: string; readonly password: string };
  readonly folderMask?: string;
  readonly documentMask?: string;
}

/** Fakes that tests have started, to be closed after each. */
export interface EloFakes {
  /** An archive with the folder `Akten`, and something beside it. */
  start(options?: EloFakeOptions): Promise<EloFake>;
  stage(options?: EloFakeOptions, habits?: Partial<EloArchive['habits']>): Promise<DocumentStage>;
  /** Fails where something was sent that ELO's public document does not know. */
  close(): Promise<void>;
}

export function eloFakes(): EloFakes {
  const open: EloFake[] = [];
  const start = async (options: EloFakeOptions = {}): Promise<EloFake> => {
    const fake = await startEloFake(options);
    open.push(fake);
    fake.archive.add(rootId, 'Akten', true);
    fake.archive.addVersion(fake.archive.add(rootId, 'elsewhere', false), 'txt', Buffer.from('elsewhere'));
    return fake;
  };
  return {
    start,
    async stage(options, habits = {}) {
      const fake = await start(options);
      Object.assign(fake.archive.habits, habits);
      const { system } = await openElo(fake);
      return { system, outsider: outsiderOf(fake.archive), faults: faultsOf(fake) };
    },
    async close() {
      const closing = open.splice(0);
      await Promise.all(closing.map((fake) => fake.close()));
      expect(closing.flatMap(({ mistakes }) => mistakes)).toEqual([]);
    },
  };
}

export const rootOf = (archive: EloArchive): EloEntry => entryAt(archive, '');

/** By its path below the pair's folder, as we show it. */
export function entryAt(archive: EloArchive, path: string): EloEntry {
  let entry = [...archive.entries.values()].find(
    ({ parentId, name }) => parentId === rootId && name === 'Akten',
  );
  for (const name of path.split('/').filter((part) => part !== ''))
    entry = archive
      .childrenOf(entry?.id ?? -1)
      .find((child) => !child.isDeleted && shownName(child) === name);
  if (entry === undefined) throw new Error(`there is no ${path}`);
  return entry;
}

export function shownName(entry: EloEntry): string {
  const ext = entry.isFolder ? '' : (currentVersion(entry)?.ext ?? '');
  return ext === '' ? entry.name : `${entry.name}.${ext}`;
}

const splitPath = (path: string): { readonly folder: string; readonly name: string } => {
  const slash = path.lastIndexOf('/');
  return { folder: path.slice(0, Math.max(0, slash)), name: path.slice(slash + 1) };
};

const splitName = (file: string): { readonly name: string; readonly ext: string } => {
  const dot = file.lastIndexOf('.');
  return dot > 0 ? { name: file.slice(0, dot), ext: file.slice(dot + 1) } : { name: file, ext: '' };
};

export function outsiderOf(archive: EloArchive): DocumentOutsider {
  const at = (path: string): EloEntry => entryAt(archive, path);
  const below = (entry: EloEntry, prefix: string): string[] =>
    archive
      .childrenOf(entry.id)
      .filter(({ isDeleted }) => !isDeleted)
      .flatMap((child) => {
        const path = `${prefix}${shownName(child)}`;
        return child.isFolder ? [`${path}/`, ...below(child, `${path}/`)] : [path];
      });
  return {
    async makeFolder(path) {
      const { folder, name } = splitPath(path);
      archive.add(at(folder).id, name, true);
    },
    async write(path, bytes) {
      const { folder, name: file } = splitPath(path);
      const { name, ext } = splitName(file);
      const known = archive
        .childrenOf(at(folder).id)
        .find((child) => !child.isDeleted && shownName(child) === file);
      archive.addVersion(known ?? archive.add(at(folder).id, name, false), ext, Buffer.from(bytes));
    },
    async read(path) {
      return currentVersion(at(path))?.bytes ?? Buffer.alloc(0);
    },
    async move(from, to) {
      const entry = at(from);
      const { folder, name } = splitPath(to);
      entry.parentId = at(folder).id;
      entry.name = entry.isFolder ? name : splitName(name).name;
      archive.touch(entry);
    },
    async remove(path) {
      archive.remove(at(path));
    },
    async paths() {
      return below(rootOf(archive), '');
    },
  };
}

const isNamed =
  (...names: readonly string[]) =>
  ({ path }: FakeRequest): boolean =>
    names.some((name) => path.endsWith(`/${name}`));

/** The call that makes a write seen. */
export const isWrite = isNamed('checkinSord', 'checkinDocEnd', 'copySord', 'deleteSord');

/** The call after which nobody else may write the entry. */
export const isLock = (request: FakeRequest): boolean =>
  isNamed('checkoutSord')(request) && request.text.includes('"lockZ":{"bset":"1"}');

const faultsOf = (fake: EloFake): DocumentStage['faults'] => ({
  loseAnswer: () =>
    fake.http.faults.push({
      fits: (request) => isWrite(request) && !fake.refusesGuid(request),
      losesAnswer: true,
    }),
  breakListing: () => fake.http.faults.push({ fits: isNamed('findFirstSords'), breaksAnswer: true }),
  beforeWrite: (run) => fake.http.faults.push({ fits: isLock, before: () => void run() }),
});
