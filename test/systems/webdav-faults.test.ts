import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describeWithPrograms } from '../setup/programs';
import { describeWithSmallDisks, mountSmallDisk, type SmallDisk } from '../setup/small-disk';
import { createTestFolder } from '../setup/folder';
import { type Cut, type CuttingProxy, startCuttingProxy } from './cutting-proxy';
import { type DavPair, type DavPairSettings, openDavPair } from './dav-pair';
import { noise } from './document-contract';
import { isIn, observeFiles } from './file-observer';
import { type DavServer, startDavServer } from './webdav-servers';

// A pair of a folder and a WebDAV server, while the server, the network or a disk fails. In the end both sides are equal,
// nothing is lost, and nobody has seen a part of a file under its name.

const kinds = ['apache', 'rclone'] as const;
let servers: Readonly<Record<string, DavServer>> = {};
let proxies: CuttingProxy[] = [];
let disks: SmallDisk[] = [];
let pairs: DavPair[] = [];

describeWithPrograms(['apache2', 'rclone'], 'a pair with a WebDAV server', () => {
  beforeAll(async () => {
    for (const kind of kinds) servers = { ...servers, [kind]: await startDavServer(kind) };
  });
  afterEach(async () => {
    for (const pair of pairs) await pair.end();
    for (const proxy of proxies) await proxy.close();
    for (const disk of disks) disk.remove();
    [pairs, proxies, disks] = [[], [], []];
  });
  afterAll(async () => {
    for (const server of Object.values(servers)) await server.kill();
  });

  describe.each(kinds)('%s', (kind) => {
    test('that is killed in the middle of a file ends equal once the server is back', async () => {
      const server = serverOf(kind);
      const { pair, proxy } = await openThrough(kind);
      const files = { 'large.bin': large('first'), 'A/small.txt': 'small' };
      for (const [path, bytes] of Object.entries(files)) await pair.here.write(path, bytes);
      const observer = observeFiles(pair.there.path, isIn(files));
      let kills = 0;
      proxy.nextCut = () => {
        if (kills > 0) return null;
        return { direction: 'to-server', afterBytes: 300_000, then: kill };
      };
      async function kill(): Promise<void> {
        kills += 1;
        await server.kill();
      }
      await pair.run();
      expect(kills).toBe(1);
      await server.start();
      await pair.rest();
      await expectEqual(pair, { 'A/': '', ...files });
      expect(await observer.stop()).toEqual([]);
    });

    test('whose network cuts connections anywhere, in either direction, ends equal', async () => {
      const { pair, proxy } = await openThrough(kind);
      const { here, there } = pair;
      const before = { 'A/ours.bin': large('ours'), 'A/theirs.bin': large('theirs') };
      for (const [path, bytes] of Object.entries(before)) await here.write(path, bytes);
      await pair.rest();
      const ours = { 'A/ours.bin': large('ours, changed'), 'B/new.bin': large('new'), 'small.txt': 'new' };
      const theirs = { 'A/theirs.bin': large('theirs, changed'), 'C/new there.bin': large('new there') };
      for (const [path, bytes] of Object.entries(ours)) await here.write(path, bytes);
      for (const [path, bytes] of Object.entries(theirs)) await there.write(path, bytes);
      const files = { ...ours, ...theirs };
      const observers = [here, there].map(({ path }) => observeFiles(path, isIn(before, files)));
      const places = cutPlaces();
      proxy.nextCut = () => places.shift() ?? null;
      proxy.endAll();
      for (let runs = 0; runs < 3; runs++) {
        await pair.run();
        await pair.pair.hurry();
      }
      proxy.nextCut = () => null;
      await pair.rest();
      await expectEqual(pair, { 'A/': '', 'B/': '', 'C/': '', ...files });
      for (const observer of observers) expect(await observer.stop()).toEqual([]);
      expect(proxy.cuts()).toBeGreaterThan(4);
    });
  });

  describeWithSmallDisks('and a disk that is full', () => {
    test.each(['there', 'here'] as const)(
      '%s, keeps the old files whole, says why, and takes the new ones once there is room',
      async (side) => {
        const small = side === 'here' ? smallDisk(createTestFolder().path) : null;
        const folder = small === null ? {} : { folder: join(small.path, 'files') };
        if (folder.folder !== undefined) await mkdir(folder.folder);
        const pair = await open({ there: serverOf('apache'), ...folder, pair: { leaveOut: ['.~filler'] } });
        const disk = small ?? smallDisk(pair.there.path);
        const from = side === 'here' ? pair.there : pair.here;
        await from.write('changed.bin', 'short');
        await pair.rest();
        const files = { 'changed.bin': large('changed'), 'empty.txt': '', 'large.bin': large('large') };
        for (const [path, bytes] of Object.entries(files)) await from.write(path, bytes);
        disk.fill();
        const observer = observeFiles(pair[side].path, isIn({ 'changed.bin': 'short' }, files));
        await pair.run();
        await pair.pair.hurry();
        const reason =
          side === 'there'
            ? () => 'the server has no room left, or our user has none (507)'
            : (name: string) => `${name} cannot be written: no space is left on the disk`;
        expect(await troubles(pair)).toEqual(['changed.bin', 'large.bin'].map(reason));
        disk.free();
        await pair.rest();
        await expectEqual(pair, files);
        expect(await observer.stop()).toEqual([]);
      },
    );
  });

  test('whose own user may not write in a folder says so, and the rest goes on', async () => {
    const pair = await open({ there: serverOf('apache') });
    await pair.here.write('A/changed.txt', 'old');
    await pair.here.write('A/moved.txt', 'moved');
    await pair.rest();
    await chmod(join(pair.there.path, 'A'), 0o555);
    await pair.here.write('A/new.txt', 'new');
    await pair.here.write('A/F/new.txt', 'new');
    await pair.here.write('A/changed.txt', 'changed');
    await pair.here.move('A/moved.txt', 'moved.txt');
    await pair.here.write('free.txt', 'free');
    await pair.run();
    const reason = (verb: string, deed: string) =>
      `the server could not ${deed} (${verb} returned 500); perhaps its own user has no right to write in that folder`;
    expect(await troubles(pair)).toEqual([
      'its folder is not there',
      reason('MOVE', 'move the file or folder'),
      ...Array.from({ length: 2 }, () => reason('PUT', 'store the file')),
    ]);
    expect(await pair.pair.rows(`select error from link_job where state = 'given-up'`)).toEqual([
      { error: 'the server does not allow us to make the folder (MKCOL returned 403)' },
    ]);
    expect(await pair.there.tree()).toMatchObject({ 'A/changed.txt': 'old', 'free.txt': 'free' });
    await chmod(join(pair.there.path, 'A'), 0o755);
    // A refusal is given up until something changes.
    await pair.here.move('A/F', 'A/F2');
    await pair.rest();
    await expectEqual(pair, {
      'A/': '',
      'A/F2/': '',
      'A/F2/new.txt': 'new',
      'A/changed.txt': 'changed',
      'A/new.txt': 'new',
      'free.txt': 'free',
      'moved.txt': 'moved',
    });
  });
});

/** Why work has not been done yet. */
async function troubles({ pair }: DavPair): Promise<readonly string[]> {
  const failed = await pair.rows<{ error: string }>(
    `select error from link_job where state = 'failed' order by error`,
  );
  return failed.map(({ error }) => error);
}

function smallDisk(path: string): SmallDisk {
  const disk = mountSmallDisk(path, 2);
  disks.push(disk);
  return disk;
}

/** Beginnings, heads and bodies of requests and responses, and the middle and the end of a file. */
function cutPlaces(): Cut[] {
  const bytes = [1, 100, 350, 700, 2_000, 66_000, 260_000, 590_000];
  return bytes.flatMap((afterBytes): Cut[] => [
    { direction: 'to-server', afterBytes },
    { direction: 'to-us', afterBytes },
  ]);
}

/** Text of 600 KB that no other name gives. */
const large = (name: string): string => noise(300_000, name).toString('hex');

async function openThrough(kind: string): Promise<{ readonly pair: DavPair; readonly proxy: CuttingProxy }> {
  const there = serverOf(kind);
  const proxy = await startCuttingProxy(there.url);
  proxies.push(proxy);
  return { pair: await open({ there, url: proxy.url }), proxy };
}

async function open(settings: DavPairSettings): Promise<DavPair> {
  const pair = await openDavPair(settings);
  pairs.push(pair);
  return pair;
}

function serverOf(kind: string): DavServer {
  const server = servers[kind];
  if (server === undefined) throw new Error(`there is no server ${kind}`);
  return server;
}

async function expectEqual({ trees }: DavPair, tree: Readonly<Record<string, string>>): Promise<void> {
  const sorted = Object.fromEntries(Object.entries(tree).sort(([one], [other]) => (one < other ? -1 : 1)));
  const { here, there } = await trees();
  for (const side of [here, there]) {
    // An Apache that was killed leaves its own temporary file, which it never lists.
    expect(Object.keys(side).filter((path) => !/(^|\/)\.davfs\.tmp/.test(path))).toEqual(Object.keys(sorted));
    expect(Object.keys(sorted).filter((path) => side[path] !== sorted[path])).toEqual([]);
  }
}
