import { randomUUID } from 'node:crypto';
import type { Finding } from '../../worker/systems/probe';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { describeWithPrograms } from '../setup/programs';
import { type DavProxy, type Mischief, startDavProxy } from './dav-proxy';
import { describeDocumentSystem, type DocumentFaults, type DocumentStage } from './document-contract';
import { startWebdavFake, type WebdavFake } from './fakes/webdav-fake';
import { openTestIndex } from './tree-index';
import { type DavAddress, davOutsider, openDav, probed } from './webdav';
import { makeRealFolder, realDav, type RealFolder } from './webdav-real';
import { type DavServer, startDavServer } from './webdav-servers';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describeWithPrograms(['apache2', 'rclone'], 'real servers of WebDAV', () => {
  // Apache with digests follows below.
  describe.each(['apache', 'rclone'] as const)('%s', (kind) => {
    let server: DavServer;
    let proxy: DavProxy;
    let found: readonly Finding[];
    beforeAll(async () => {
      server = await startDavServer(kind);
      proxy = await startDavProxy(server.url);
      found = await probed(server, '');
    });
    afterAll(async () => {
      await proxy.close();
      await server.kill();
    });

    describeDocumentSystem(kind, async () => {
      const root = `${randomUUID()} é&%`;
      await davOutsider(server, '').makeFolder(root);
      proxy.mischief = () => null;
      const { tree } = await openDav({ ...server, url: proxy.url }, root, found);
      const { systemOf } = await openTestIndex(database);
      return { system: systemOf(tree), outsider: davOutsider(server, root), faults: faultsOf(proxy) };
    });
  });
});

/** By WebDAV alone, as on a server whose disk nobody sees. */
function describeRemote(name: string, addressNow: () => DavAddress): void {
  describe(name, () => {
    let folders: RealFolder[] = [];
    let proxy: DavProxy | null = null;
    let found: readonly Finding[] = [];
    beforeAll(async () => {
      const address = addressNow();
      // The proxy, and with it the faults that it causes, cannot read what is encrypted.
      if (address.url.startsWith('http:')) proxy = await startDavProxy(`${new URL(address.url).origin}/`);
      found = await probed(address, '');
    });
    afterEach(async () => {
      for (const folder of folders) await folder.end();
      folders = [];
    });
    afterAll(() => proxy?.close());

    describeDocumentSystem(name, async () => {
      const address = addressNow();
      const outsider = await makeRealFolder(address);
      folders.push(outsider);
      const through = proxy;
      if (through !== null) through.mischief = () => null;
      const url = through === null ? address.url : new URL(new URL(address.url).pathname, through.url).href;
      const { tree } = await openDav({ ...address, url }, outsider.root, found);
      const { systemOf } = await openTestIndex(database);
      return { system: systemOf(tree), outsider, faults: through === null ? null : faultsOf(through) };
    });
  });
}

describeWithPrograms(['apache2'], 'a server that is reached by WebDAV alone', () => {
  let server: DavServer | null = null;
  beforeAll(async () => {
    server = await startDavServer('apache with digests');
  });
  afterAll(() => server?.kill());
  describeRemote('apache with digests', () => server ?? noServer());
});

const real = realDav(process.env);
if (real !== null) describeRemote(`the server ${real.url}`, () => real);

const noServer = (): never => {
  throw new Error('there is no server');
};

describe('a fake that follows the standard', () => {
  let fakes: WebdavFake[] = [];
  afterEach(async () => {
    for (const fake of fakes) await fake.close();
    fakes = [];
  });
  describe.each([
    ['good tags', {}],
    ['no tags, no properties and no conditions', { tags: 'none', isHeedless: true, isPlain: true }],
    ['names that are blind to case and composed', { isCaseBlind: true, form: 'NFC' }],
    ['ids, checksums and times as ownCloud has them', { isOwncloud: true }],
  ] as const)('%s', (name, habits) => {
    let found: readonly Finding[] | null = null;
    describeDocumentSystem(name, async (): Promise<DocumentStage> => {
      const fake = await startWebdavFake(habits);
      fakes.push(fake);
      const address = { url: `${fake.url}/dav/`, user: 'us', password: 'secret' };
      found ??= await probed(address, '');
      const { tree } = await openDav(address, '', found);
      const { systemOf } = await openTestIndex(database);
      return {
        system: systemOf(tree),
        outsider: {
          makeFolder: async (path) => fake.makeFolder(path),
          write: async (path, bytes) => fake.write(path, bytes),
          read: async (path) => {
            const bytes = fake.nodes.get(path)?.bytes;
            if (!bytes) throw new Error(`${path} is no file`);
            return bytes;
          },
          move: async (from, to) => fake.move(from, to),
          remove: async (path) => fake.remove(path),
          paths: async () => fake.paths(),
        },
        faults: {
          loseAnswer: () => fake.faults.push({ fits: isLast, losesAnswer: true }),
          breakListing: () => fake.faults.push({ fits: isListing, breaksAnswer: true }),
          beforeWrite: (run) => fake.faults.push({ fits: isWrite, before: () => void run() }),
        },
      };
    });
  });
});

interface Call {
  readonly method: string;
  readonly path: string;
}

const isWrite = ({ method }: Call) => ['PUT', 'MKCOL', 'MOVE', 'DELETE'].includes(method);
/** The one that gives an item its name. */
const isLast = ({ method, path }: Call) =>
  method === 'MOVE' || (['PUT', 'MKCOL'].includes(method) && !path.includes('.~epack-'));
const isListing = ({ method }: Call) => method === 'PROPFIND';

function faultsOf(proxy: DavProxy): DocumentFaults {
  const once = (fits: (call: Call) => boolean, mischief: Mischief) => {
    proxy.mischief = (call) => {
      if (!fits(call)) return null;
      proxy.mischief = () => null;
      return mischief;
    };
  };
  return {
    loseAnswer: () => once(isLast, { losesAnswer: true }),
    breakListing: () => once(isListing, { cutsAnswerAfter: 200 }),
    beforeWrite: (run) => once(isWrite, { before: run }),
  };
}
