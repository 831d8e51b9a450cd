import type { BenchResult } from './result';

// `npm run bench [name …]`: runs the benchmarks one after another and prints a table of ratios. `npm run bench -- NAME --option …`:
// runs one of them with its options.

interface Bench {
  readonly run: () => Promise<BenchResult | readonly BenchResult[]>;
}

const benches: Record<string, (options: readonly string[]) => Promise<Bench>> = {
  ingest: () => import('./ingest.js'),
  'sync-ingest': () => import('./sync-ingest.js'),
  unpack: () => import('./unpack.js'),
  xml: () => import('./xml.js'),
  queue: () => import('./queue.js'),
  statut: () => import('./statut.js'),
  upload: () => import('./upload.js'),
  memory: () => import('./memory.js'),
  files: () => import('./files.js'),
  'hostile-memory': () => import('./hostile-memory.js'),
  'small-sync': () => import('./small-sync.js'),
  'sync-cost': () => import('./sync-cost.js'),
  'unchanged-pairs': () => import('./unchanged-pairs.js'),
  pairs: () => import('./pairs.js'),
  documents: async (options) => {
    const { run } = await import('./documents.js');
    return { run: () => run(options) };
  },
  load: async (options) => {
    const { run } = await import('./load.js');
    return { run: () => run(options) };
  },
  'morning-peak': async (options) => {
    const { run } = await import('./morning-peak.js');
    return { run: () => run(options) };
  },
  history: async (options) => {
    const { run } = await import('./history.js');
    return { run: () => run(options) };
  },
  pages: async (options) => {
    const { run } = await import('./pages.js');
    return { run: () => run(options) };
  },
  restart: () => import('./restart.js'),
  start: () => import('./start.js'),
};

async function main(given: readonly string[]): Promise<void> {
  const firstOption = given.findIndex((one) => one.startsWith('--'));
  const asked = firstOption === -1 ? given : given.slice(0, firstOption);
  const options = firstOption === -1 ? [] : given.slice(firstOption);
  if (options.length > 0 && asked.length !== 1) throw new Error('options belong to one benchmark: name it');
  const unknown = asked.filter((name) => benches[name] === undefined);
  if (unknown.length > 0)
    throw new Error(`no such benchmark: ${unknown.join(', ')}; there are ${Object.keys(benches).join(', ')}`);
  console.log('| benchmark | ratio | target | figures |\n| --- | --- | --- | --- |');
  for (const [name, load] of Object.entries(benches)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    const { run } = await load(options);
    const results = await run();
    for (const result of 'name' in results ? [results] : results) console.log(rowOf(result));
  }
}

const rowOf = ({ name, ratio, target, lines }: BenchResult) =>
  `| ${name} | ${ratio.toFixed(2)} | ${target} | ${lines.join('; ')} |`;

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
