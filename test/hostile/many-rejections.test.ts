import { z } from 'zod';
import { createQuarantineStore } from '../../shared/stores/syncs/quarantine-store';
import { zipOf } from '../v4/archive';
import { fullSync, onServer, signIn } from '../v4/on-server';

const server = onServer({ EPACK_QUOTA_EXTRA_COLUMNS: '1000' }, { worker: true });

const report = z.object({
  logs: z.record(z.string(), z.object({ rejected: z.number() })),
  rejections: z.array(z.object({ code: z.string() })),
});

test('a wide header is kept once, however many rows below it are refused, and shown with each', async () => {
  const client = await signIn(server());
  const header = ['Id', ...Array.from({ length: 900 }, (_, n) => `Column${n}${'x'.repeat(50)}`)].join(',');
  const rows = Array.from({ length: 3_000 }, (_, n) => `x${n}`).join('\n');
  await fullSync(client, zipOf({ 'csv/Tbfridge.csv': `${header}\n${rows}\n` }));

  expect(report.parse((await client.sync()).json['report']).logs['Tbfridge']?.rejected).toBe(3_000);
  const kept = await server().db('quarantine').where({ solution_id: client.id }).select('header', 'sync_id');
  expect(kept).toHaveLength(3_000);
  expect(kept.filter((row: { header: unknown }) => row.header !== null)).toHaveLength(1);
  const [{ sync_id: sync }] = kept as [{ sync_id: string }];
  expect(await server().db('refused_header').where({ sync_id: sync }).select('file', 'header')).toEqual([
    { file: 'csv/Tbfridge.csv', header },
  ]);
  const filter = { accounts: 'all', solutionId: client.id, syncId: null, state: null } as const;
  const page = await createQuarantineStore(server().db).list(filter, { limit: 50, after: null });
  expect(new Set(page.items.map((item) => item.header))).toEqual(new Set([header]));
});

test('a log whose lines end with CR alone is refused, not taken for an empty one', async () => {
  const client = await signIn(server());
  await fullSync(client, zipOf({ 'csv/Tbfridge.csv': 'Id,MeasuredAt,Temp\r1,2026-11-20 07:31:00,3\r' }));
  expect(report.parse((await client.sync()).json['report']).rejections).toMatchObject([
    { code: 'bad-header' },
  ]);
});
