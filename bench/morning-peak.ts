import { loadavg } from 'node:os';
import { Client } from 'pg';
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
    const longest = await longestAt1(server.databaseUrl);
    return {
      name: `${tokens.length} solutions at once, the longest time at status 1`,
      ratio: longest / 30,
      target: '≤ 30 s, of small uploads, by the database',
      lines: [
        `longest ${longest.toFixed(1)} s; from the POST to status 2: small median ${median(at1(false)).toFixed(1)} s, longest ${Math.max(...at1(false)).toFixed(1)} s; large: median ${median(at1(true)).toFixed(1)} s`,
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

/** A solution cannot tell when its status became 1: an upload may wait before that. */
async function longestAt1(databaseUrl: string): Promise<number> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ seconds: number }>(
      `select max(extract(epoch from processed_at - received_at))::float8 as seconds from sync where unpacked_bytes < 1000000`,
    );
    return rows[0]?.seconds ?? NaN;
  } finally {
    await client.end();
  }
}
