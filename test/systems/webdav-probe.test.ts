import { traitsIn } from '../../worker/systems/webdav/server-traits';
import { describeWithPrograms } from '../setup/programs';
import { davOutsider, openDav } from './webdav';
import { davServerKinds, type DavServerKind, startDavServer } from './webdav-servers';

const { signal } = new AbortController();

const apache = {
  precondition: 'if',
  putsOnlyNew: true,
  foldersOnlyNew: true,
  isAtomic: true,
  keepsProperties: true,
  badCharacters: '',
  refusesControls: false,
};

/** The real behaviour of each server, as the pages for operators describe it. */
const facts: Record<DavServerKind, object> = {
  apache,
  'apache with digests': apache,
  rclone: {
    precondition: 'none',
    putsOnlyNew: false,
    foldersOnlyNew: false,
    isAtomic: false,
    keepsProperties: false,
    // It shows them as other characters once it reads the folder anew.
    badCharacters: '\u201b',
    refusesControls: true,
  },
};

const ofAll = {
  movesOnlyToFree: true,
  locks: true,
  isCaseBlind: false,
  form: 'any',
  refusesBlankEnds: false,
};

describeWithPrograms(['apache2', 'rclone'], 'probes of real servers', () => {
  test.each(davServerKinds)('a probe of %s finds what it can do, and leaves nothing behind', async (kind) => {
    const server = await startDavServer(kind);
    try {
      const outsider = davOutsider(server, '');
      await outsider.makeFolder('Akten');
      const { tree } = await openDav(server, 'Akten');
      const probe = await tree.probe(signal);
      expect(probe.ok).toBe(true);
      expect(traitsIn(probe.findings)).toMatchObject({ ...ofAll, ...facts[kind] });
      expect(await outsider.paths()).toEqual(['Akten/']);
    } finally {
      await server.kill();
    }
  });
});
