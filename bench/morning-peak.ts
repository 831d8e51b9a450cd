import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { startBenchServer } from './bench-server';
import { openKitchens } from './kitchen-load';
import { enrolMany } from './load';
import { median } from './median';
import type { BenchResult } from './result';
import { readingsUpload, smallUpload } from './small-upload';

const largeReadings = 100_000;

/**
 * Many solutions begin a sync at the same moment (`--solutions N`, 2,000), while some of them send a large package
 * (`--large N`, 10): how long a status stays at 1.
 */
export async function run(options: readonly string[]): Promise<BenchResult> {
  const { values } = parseArgs({
    args: [...options],
    options: { solutions: { type: 'string', default: '2000' }, large: { type: 'string', default: '10' } },
  });
  const server = await startBenchServer({ EPACK_LARGE_PACKAGE_BYTES: '1000000' });
  const { kitchen, close } = openKitchens(server.url, 'sondes');
  try {
    const tokens = await enrolMany(server, Number(values.solutions));
    const [small, large] = [await smallUpload(0), await readingsUpload(1, largeReadings)];
    const startedAt = performance.now();
    const isLarge = (place: number) => place < Number(values.large);
    const syncs = await Promise.all(
      tokens.map(async (token, place) => ({
        isLarge: isLarge(place),
        ...(await kitchen(token).sync(isLarge(place) ? large : small)),
      })),
    );
    const seconds = (performance.now() - startedAt) / 1000;
    const at1 = (which: boolean) =>
      syncs.filter((sync) => sync.isLarge === which).map(({ processingMs }) => processingMs / 1000);
    const longest = Math.max(...at1(false));
    return {
      name: `${tokens.length} solutions at once, the longest time at status 1`,
      ratio: longest / 30,
      target: '≤ 30 s',
      lines: [
        `small: median ${median(at1(false)).toFixed(1)} s, longest ${longest.toFixed(1)} s; large: median ${median(at1(true)).toFixed(1)} s`,
        `all were done after ${seconds.toFixed(0)} s, ${(syncs.length / seconds).toFixed(0)} syncs/s`,
        `${syncs.filter(({ refusals }) => refusals > 0).length} were told to come later`,
        `load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
      ],
    };
  } finally {
    close();
    await server.stop();
  }
}
