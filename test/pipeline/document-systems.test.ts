import { describeDocumentSystem, type DocumentStage } from '../systems/document-contract';
import { anyName, createRemote, type RemoteOptions, scanning } from './remote';

const pathNames = {
  ...anyName,
  fitting(name: string) {
    const fitting = name.replaceAll(/[/\u0000]/g, '_').replace(/^\.{0,2}$/, '_');
    return fitting === name ? null : fitting;
  },
};

const withFiles: RemoteOptions['capabilities'] = { content: { maxBytes: null }, tree: pathNames };

describeDocumentSystem('a tree in memory', () => Promise.resolve(stage({ capabilities: withFiles })));

describeDocumentSystem('a scan in memory that keeps no key of a creation', () =>
  Promise.resolve(stage({ capabilities: { ...withFiles, ...scanning, creates: 'plain' } })),
);

describeDocumentSystem('a tree in memory that is blind to case and composes its names', () =>
  Promise.resolve(
    stage({
      capabilities: { ...withFiles, tree: { ...pathNames, isCaseBlind: true, form: 'NFC' } },
    }),
  ),
);

function stage(options: RemoteOptions): DocumentStage {
  const remote = createRemote('a', options);
  const { faults } = remote;
  const placeOf = (path: string) => {
    const names = path.split('/');
    const folder = names.slice(0, -1).join('/');
    return { parent: folder === '' ? null : remote.keyOf(folder), name: names.at(-1) ?? '' };
  };
  const paths = () => Object.keys(remote.tree());
  const outsider: DocumentStage['outsider'] = {
    async makeFolder(path) {
      const { parent, name } = placeOf(path);
      remote.add(name, { parent, isFolder: true });
    },
    async write(path, bytes) {
      const { parent, name } = placeOf(path);
      if (paths().includes(path)) remote.write(remote.keyOf(path), bytes);
      else remote.add(name, { parent, bytes });
    },
    async read(path) {
      const bytes = remote.rows.get(remote.keyOf(path))?.bytes;
      if (!bytes) throw new Error(`${path} is no file`);
      return bytes;
    },
    async move(from, to) {
      const { parent, name } = placeOf(to);
      remote.moveTo(remote.keyOf(from), parent, name);
    },
    remove: async (path) => remote.remove(remote.keyOf(path)),
    paths: async () => paths(),
  };
  return {
    system: remote,
    outsider,
    faults: {
      loseAnswer() {
        faults.losesAnswers = 1;
      },
      breakListing() {
        faults.listsOnly = 1;
        faults.listingThrows = true;
      },
      beforeWrite(run) {
        faults.beforeWrite = () => {
          faults.beforeWrite = () => undefined;
          void run();
        };
      },
    },
  };
}
