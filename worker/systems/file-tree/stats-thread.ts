import { Worker } from 'node:worker_threads';

/** What a listing needs of what `lstat` shows. */
export interface FileStats {
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly birthtimeNs: bigint;
  readonly ino: bigint;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

export interface StatsThread {
  /**
   * In the order of the names. Null: it is no longer there. Throws errors of the operating system. One call is made at a
   * time.
   */
  statsOf(folder: string, names: readonly string[]): Promise<readonly (FileStats | null)[]>;
  /** Ends the thread, and with it a call that is under way. */
  close(): Promise<void>;
}

/**
 * Looks at the names of a folder in a thread of its own, with calls that wait for the disk. To hand over an asynchronous
 * call for each name costs several times as much as the call itself (docs/decisions/108).
 */
export function startStatsThread(): StatsThread {
  const thread = new Worker(statsThread, { eval: true });
  let waiting: Waiting | null = null;
  const fail = (error: unknown) => {
    waiting?.reject(error);
    waiting = null;
  };
  thread.on('message', (answer: Answer) => {
    if ('message' in answer) {
      fail(Object.assign(new Error(answer.message), { code: answer.code }));
      return;
    }
    waiting?.resolve(answer.facts);
    waiting = null;
  });
  thread.on('error', fail);
  thread.on('exit', () => {
    fail(new Error('the thread that looks at files has ended'));
  });

  return {
    async statsOf(folder, names) {
      const facts = await new Promise<BigInt64Array>((resolve, reject) => {
        waiting = { resolve, reject };
        thread.postMessage({ folder, names });
      });
      return names.map((_, at) => statsFrom(facts.subarray(at * factsOfOne, (at + 1) * factsOfOne)));
    },
    async close() {
      await thread.terminate();
    },
  };
}

interface Waiting {
  readonly resolve: (facts: BigInt64Array) => void;
  readonly reject: (error: unknown) => void;
}

/** For each name: kind, size, mtimeNs, ctimeNs, birthtimeNs, ino. */
type Answer =
  { readonly facts: BigInt64Array } | { readonly message: string; readonly code: string | undefined };

const factsOfOne = 6;
const kinds = { absent: 0n, file: 1n, folder: 2n, link: 3n, other: 4n };

function statsFrom(facts: BigInt64Array): FileStats | null {
  const [kind = kinds.absent, size = 0n, mtimeNs = 0n, ctimeNs = 0n, birthtimeNs = 0n, ino = 0n] = facts;
  if (kind === kinds.absent) return null;
  return {
    size,
    mtimeNs,
    ctimeNs,
    birthtimeNs,
    // The number of an inode has no sign.
    ino: BigInt.asUintN(64, ino),
    isFile: () => kind === kinds.file,
    isDirectory: () => kind === kinds.folder,
    isSymbolicLink: () => kind === kinds.link,
  };
}

/** As a text, so that it runs the same from TypeScript, from the tests and from the built server. */
const statsThread = `
  const { parentPort } = require('node:worker_threads');
  const { lstatSync } = require('node:fs');

  parentPort.on('message', ({ folder, names }) => {
    try {
      const facts = factsOf(folder, names);
      parentPort.postMessage({ facts }, [facts.buffer]);
    } catch (error) {
      parentPort.postMessage({ message: String(error && error.message), code: error && error.code });
    }
  });

  function factsOf(folder, names) {
    const facts = new BigInt64Array(names.length * ${factsOfOne});
    names.forEach((name, at) => {
      const stats = lstatSync(folder + '/' + name, { bigint: true, throwIfNoEntry: false });
      if (stats === undefined) return;
      const { size, mtimeNs, ctimeNs, birthtimeNs, ino } = stats;
      facts.set([kindOf(stats), size, mtimeNs, ctimeNs, birthtimeNs, ino], at * ${factsOfOne});
    });
    return facts;
  }

  function kindOf(stats) {
    if (stats.isFile()) return ${kinds.file}n;
    if (stats.isDirectory()) return ${kinds.folder}n;
    return stats.isSymbolicLink() ? ${kinds.link}n : ${kinds.other}n;
  }
`;
