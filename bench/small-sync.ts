import { zipStream } from '../shared/archive/zip-writer';
import { startBenchServer } from './bench-server';
import { median } from './median';
import type { BenchResult } from './result';

const syncs = 40;

/** A sync of 20 KB on an idle machine: from the first byte of POST datas to status 2, as the solution sees it. */
export async function run(): Promise<BenchResult> {
  const server = await startBenchServer();
  try {
    const times: number[] = [];
    for (let sync = 0; sync < syncs; sync++) times.push(await syncOnce(server, sync));
    const settled = times.slice(5);
    return {
      name: 'small sync, POST to status 2',
      ratio: median(settled) / 50,
      target: '≤ 1.0 × 50 ms at the median',
      lines: [
        `median ${median(settled).toFixed(1)} ms, worst ${Math.max(...settled).toFixed(1)} ms of ${settled.length}`,
      ],
    };
  } finally {
    await server.stop();
  }
}

async function syncOnce(server: { url: string; token: string }, sync: number): Promise<number> {
  const headers = { Authorization: `Bearer ${server.token}` };
  const archive = await zipOf([{ name: 'csv/Tbfridge.csv', content: fridgeLog(sync) }]);
  const startedAt = process.hrtime.bigint();
  const posted = await fetch(`${server.url}/v4/synchro/datas`, {
    method: 'POST',
    headers: { ...headers, 'Content-Type': 'application/zip' },
    body: archive,
  });
  if (!posted.ok) throw new Error(await posted.text());
  await posted.arrayBuffer();
  const polled = await fetch(`${server.url}/v4/synchro/statut?wait=60&not=1`, { headers });
  if ((await polled.json()) !== '2') throw new Error('the status did not become 2');
  const milliseconds = Number(process.hrtime.bigint() - startedAt) / 1e6;
  const confirmed = await fetch(`${server.url}/v4/synchro/confirm`, { method: 'POST', headers });
  if (!confirmed.ok) throw new Error(await confirmed.text());
  await confirmed.arrayBuffer();
  return milliseconds;
}

/** About 20 KB of readings. */
function fridgeLog(sync: number): string {
  const rows = Array.from({ length: 250 }, (_, index) => {
    const id = sync * 250 + index + 1;
    const at = new Date(Date.UTC(2026, 0, 1) + id * 300_000).toISOString();
    return `${id},${at},Marie,1,,,,F${index % 8},Chambre froide ${index % 8},${(id % 40) / 10},0,4,matin`;
  });
  const header =
    'Id,MeasuredAt,UserName,IsConform,CorrectiveAction,Comment,PhotoName,FridgeId,FridgeName,Temp,TempMin,TempMax,Moment';
  return `${[header, ...rows].join('\r\n')}\r\n`;
}

async function zipOf(entries: readonly { name: string; content: string }[]): Promise<Blob> {
  const chunks: Buffer[] = [];
  for await (const chunk of zipStream(entries) as AsyncIterable<Buffer>) chunks.push(chunk);
  return new Blob([Buffer.concat(chunks)]);
}
