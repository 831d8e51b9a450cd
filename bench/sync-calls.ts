import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import type { BenchServer } from './bench-server';

// The calls of one sync, for benchmarks that send archives of their own.

type Sender = Pick<BenchServer, 'url' | 'token'>;

/**
 * Sends an archive, from a file or from memory; resolves with the response. Plain node:http: fetch alone would cost
 * more than the server.
 */
export async function postArchive(
  { url, token }: Sender,
  channel: string,
  archive: string | Buffer,
): Promise<void> {
  const bytes = typeof archive === 'string' ? (await stat(archive)).size : archive.length;
  const sending = request(`${url}/v4/${channel}/datas`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/zip', 'Content-Length': bytes },
  });
  if (typeof archive === 'string') createReadStream(archive, { highWaterMark: 1024 * 1024 }).pipe(sending);
  else sending.end(archive);
  const [response] = (await once(sending, 'response')) as [IncomingMessage];
  const answer = await text(response);
  if (response.statusCode !== 200) throw new Error(`${String(response.statusCode)} ${answer}`);
}

/** Waits for status 2. */
export async function waitForPackage({ url, token }: Sender, channel: string): Promise<void> {
  for (;;) {
    const response = await fetch(`${url}/v4/${channel}/statut?wait=60&not=1`, {
      headers: { Authorization: `Bearer ${token}` },
    });
    if ((await response.json()) === '2') return;
  }
}

/** Fetches the package and confirms it. Returns the report's outcome. */
export async function finishSync(sender: Sender, channel: string): Promise<string> {
  const headers = { Authorization: `Bearer ${sender.token}` };
  await waitForPackage(sender, channel);
  const sync = (await (await fetch(`${sender.url}/v4/${channel}/sync`, { headers })).json()) as {
    report: { outcome: string };
  };
  const confirmed = await fetch(`${sender.url}/v4/${channel}/confirm`, { method: 'POST', headers });
  if (!confirmed.ok) throw new Error(await confirmed.text());
  await confirmed.arrayBuffer();
  return sync.report.outcome;
}
