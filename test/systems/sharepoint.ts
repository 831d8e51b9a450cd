import { createSharepointConnector } from '../../worker/systems/sharepoint/sharepoint';
import type { RemoteSystem, SystemConnector } from '../../worker/systems/remote-system';
import type { DocumentStage } from './document-contract';
import { type GraphFake, startGraphFake } from './fakes/graph-fake';
import type { Row } from './fakes/graph/library';
import { type TestOutside, testOutside } from './outside';

export interface OpenedSharepoint {
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

export interface SharepointOpening {
  readonly config?: object;
  /** Null: the installed system alone. */
  readonly root?: string | null;
  readonly connector?: SystemConnector;
  readonly outside?: TestOutside;
}

/** Contents above a megabyte go in parts of 320 KiB. */
const smallUploads = { smallBytes: 1_000_000, chunkBytes: 327_680 };

export const smallConnector = (): SystemConnector => createSharepointConnector(smallUploads);

export const configOf = (fake: GraphFake): object => ({
  site: fake.site,
  library: fake.libraryName,
  auth: fake.auth,
  url: fake.url,
  authority: fake.url,
});

export async function openSharepoint(
  fake: GraphFake,
  {
    config = {},
    root = '',
    connector = smallConnector(),
    outside = testOutside('sp'),
  }: SharepointOpening = {},
): Promise<OpenedSharepoint> {
  const opening = {
    config: { ...configOf(fake), ...config },
    end: root === null ? null : { root },
    fields: [],
    overlapMinutes: 10,
    secrets: [],
  };
  return { system: await connector.open(opening, outside), outside };
}

export interface GraphFakes {
  start(): Promise<GraphFake>;
  stage(root: string, habits?: Partial<GraphFake['library']['habits']>): Promise<DocumentStage>;
  /** Every request of theirs was one that Graph knows. */
  close(): Promise<void>;
}

/** Fakes that tests have started, to be closed after each. */
export function graphFakes(): GraphFakes {
  const open: GraphFake[] = [];
  const start = async (): Promise<GraphFake> => {
    const fake = await startGraphFake();
    open.push(fake);
    return fake;
  };
  return {
    start,
    async stage(root, habits = {}) {
      const fake = await start();
      Object.assign(fake.library.habits, habits);
      makeFolders(fake, root);
      const { system } = await openSharepoint(fake, { root });
      return { system, outsider: outsiderOf(fake, root), faults: faultsOf(fake) };
    },
    async close() {
      const violations = open.flatMap((fake) => fake.violations);
      await Promise.all(open.splice(0).map((fake) => fake.close()));
      expect(violations).toEqual([]);
    },
  };
}

/** The folders of a path, as far as they are not there. */
export function makeFolders({ library }: GraphFake, path: string): Row {
  let row = library.root;
  for (const name of path.split('/').filter((one) => one !== ''))
    row = library.at(row.id, name) ?? library.add({ parent: row.id, name, bytes: null });
  return row;
}

/** The item at a path of the library. */
export function rowAt({ library }: GraphFake, path: string): Row {
  let row = library.root;
  for (const name of path.split('/').filter((one) => one !== '')) {
    const next = library.at(row.id, name);
    if (next === null) throw new Error(`there is no ${path}`);
    row = next;
  }
  return row;
}

/** Someone who works in the browser. */
export function outsiderOf(fake: GraphFake, root: string): DocumentStage['outsider'] {
  const { library } = fake;
  const inRoot = (path: string) => (root === '' ? path : `${root}/${path}`);
  const placeOf = (path: string) => {
    const names = inRoot(path).split('/');
    return { parent: rowAt(fake, names.slice(0, -1).join('/')).id, name: names.at(-1) ?? '' };
  };
  return {
    async makeFolder(path) {
      library.add({ ...placeOf(path), bytes: null });
    },
    async write(path, bytes) {
      const { parent, name } = placeOf(path);
      const row = library.at(parent, name);
      if (row === null) library.add({ parent, name, bytes: Buffer.from(bytes) });
      else library.write(row, Buffer.from(bytes));
    },
    async read(path) {
      const { bytes } = rowAt(fake, inRoot(path));
      if (bytes === null) throw new Error(`${path} is a folder`);
      return bytes;
    },
    async move(from, to) {
      const { parent, name } = placeOf(to);
      library.move(rowAt(fake, inRoot(from)), parent, name);
    },
    remove: async (path) => library.remove(rowAt(fake, inRoot(path))),
    async paths() {
      const top = rowAt(fake, root);
      const within = (row: Row): Row[] =>
        library.childrenOf(row.id).flatMap((child) => [child, ...within(child)]);
      const above = library.pathOf(top).length + 1;
      return within(top).map((row) => `${library.pathOf(row).slice(above)}${row.bytes === null ? '/' : ''}`);
    },
  };
}

const faultsOf = ({ http }: GraphFake): DocumentStage['faults'] => ({
  loseAnswer: () =>
    http.faults.push({ fits: ({ method, path }) => isWrite(method, path), losesAnswer: true }),
  breakListing: () => http.faults.push({ fits: ({ path }) => path.endsWith('/delta'), breaksAnswer: true }),
  beforeWrite: (run) =>
    http.faults.push({ fits: ({ method, path }) => isWrite(method, path), before: () => void run() }),
});

const isWrite = (method: string, path: string): boolean =>
  method !== 'GET' && !path.endsWith('/token') && !path.endsWith('/createUploadSession');
