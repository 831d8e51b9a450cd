import { describeWithPrograms } from '../setup/programs';
import { createFolder, documents, type Folder, treeIn } from './folder-pair';
import { davOutsider } from './webdav';
import { type DavServer, davServerKinds, startDavServer } from './webdav-servers';
import { openWorkedPair, type WorkedPair } from './worked-pair';

describeWithPrograms(['apache2', 'rclone'], 'a folder and a WebDAV server', () => {
  describe.each(davServerKinds)('%s', (kind) => {
    let server: DavServer;
    let here: Folder;
    let pair: WorkedPair;
    beforeEach(async () => {
      server = await startDavServer(kind);
      here = await createFolder();
      const systems = {
        a: { kind: 'file-tree', folder: here.path },
        b: { kind: 'webdav', url: server.url, auth: { user: server.user, password: server.password } },
      };
      await davOutsider(server, '').makeFolder('Akten');
      const there = { system: 'b', root: 'Akten' };
      pair = await openWorkedPair(JSON.stringify({ systems, pairs: { akten: { ...documents, there } } }), {});
    });
    afterEach(async () => {
      await pair.end();
      await server.kill();
      await here.remove('');
    });

    const run = async () => (await pair.run('check')).counts;
    const thereTree = async () =>
      Object.fromEntries(
        Object.entries(await treeIn(`${server.folder}/Akten`)).filter(([path]) => !path.includes('.DAV/')),
      );

    test('a creation, change, move or deletion on either side is made on the other, and the next run changes nothing', async () => {
      const there = davOutsider(server, 'Akten');
      await here.write('A/plan é&%.txt', 'one');
      await here.write('A/inner/empty.txt', '');
      await there.makeFolder('B');
      await there.write('B/brief.txt', 'two');
      expect(await run()).toMatchObject({ created: 6 });
      const all = {
        'A/': '',
        'A/inner/': '',
        'A/inner/empty.txt': '',
        'A/plan é&%.txt': 'one',
        'B/': '',
        'B/brief.txt': 'two',
      };
      expect(await here.tree()).toEqual(all);
      expect(await thereTree()).toEqual(all);
      await here.write('B/brief.txt', 'two, changed here');
      await there.move('A/plan é&%.txt', 'Plan.txt');
      await here.remove('A/inner');
      expect(await run()).toMatchObject({ updated: 1, moved: 1 });
      const then = { 'A/': '', 'B/': '', 'B/brief.txt': 'two, changed here', 'Plan.txt': 'one' };
      for (let runs = 0; runs < 3; runs++) await run();
      expect(await here.tree()).toEqual(then);
      expect(await thereTree()).toEqual(then);
      const { created = 0, updated = 0, moved = 0, deleted = 0 } = await run();
      expect(created + updated + moved + deleted).toBe(0);
    });
  });
});
