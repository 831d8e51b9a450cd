import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { Client } from 'pg';
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
    const at1ByDatabase = await secondsAt1(server.databaseUrl);
    const told = (seconds: readonly number[]) =>
      `median ${median(seconds).toFixed(1)} s, longest ${Math.max(...seconds).toFixed(1)} s`;
    const countOf = (which: (sync: (typeof syncs)[number]) => boolean) => syncs.filter(which).length;
    return {
      name: `${tokens.length} solutions at once, the longest time of a small upload at status 1`,
      ratio: at1ByDatabase.longestSmall / 30,
      target: '≤ 30 s',
      lines: [
        `at status 1: small median ${at1ByDatabase.medianSmall.toFixed(1)} s, longest ${at1ByDatabase.longestSmall.toFixed(1)} s`,
        `from the POST to status 2: small ${told(at1(false))}; large ${told(at1(true))}`,
        `all were done after ${seconds.toFixed(0)} s, ${(syncs.length / seconds).toFixed(0)} syncs/s`,
        `${countOf(({ refusals }) => refusals > 0)} were told to come later, the connection of ${countOf(({ breaks }) => breaks > 0)} broke`,
        `load average ${loadavg()[0]?.toFixed(1) ?? ''}`,
      ],
    };
  } finally {
    close();
    await server.stop();
  }
}

/** A solution cannot see when its status becomes 1, because an upload may wait before that. */
async function secondsAt1(databaseUrl: string): Promise<{ medianSmall: number; longestSmall: number }> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ medianSmall: number; longestSmall: number }>(
      `select percentile_cont(0.5) within group (order by seconds)::float8 as "medianSmall", max(seconds)::float8 as "longestSmall"
       from sync, lateral (select extract(epoch from processed_at - received_at) as seconds) as at_1
       where unpacked_bytes < 1000000`,
    );
    return rows[0] ?? { medianSmall: NaN, longestSmall: NaN };
  } finally {
    await client.end();
  }
}
