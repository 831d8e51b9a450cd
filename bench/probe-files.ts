import { createReadStream, createWriteStream } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { zipStream } from '../shared/archive/zip-writer';

/** A `Tbsondes.csv`, alone and as an upload. */
export interface ProbeFiles {
  readonly csv: string;
  readonly zip: string;
}

/** Readings of 20 probes, one every 5 minutes. */
export async function writeProbeFiles(folder: string, rows: number): Promise<ProbeFiles> {
  const files = { csv: path.join(folder, 'Tbsondes.csv'), zip: path.join(folder, 'upload.zip') };
  await pipeline(Readable.from(probeReadings(rows)), createWriteStream(files.csv));
  const entry = { name: 'csv/Tbsondes.csv', content: () => createReadStream(files.csv) };
  await pipeline(zipStream([entry]), createWriteStream(files.zip));
  return files;
}

function* probeReadings(rows: number): Generator<string> {
  yield 'Id,ProbeId,MeasuredAt,Temperature,Humidity,BatteryPercent,SignalDbm,Sequence\n';
  const start = Date.UTC(2026, 2, 30);
  let lines: string[] = [];
  for (let row = 0; row < rows; row++) {
    const probe = row % 20;
    const time = new Date(start + Math.floor(row / 20) * 300_000)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ');
    const wave = Math.sin(row / 700 + probe);
    const [temperature, humidity] = [(3 + wave * 2).toFixed(2), (60 + wave * 8).toFixed(1)];
    const [battery, signal] = [100 - Math.floor(row / 20_000), -60 - ((row * 7) % 35)];
    lines.push(
      `${row + 1},PROBE-${probe + 10},${time},${temperature},${humidity},${battery},${signal},${row % 65_536}\n`,
    );
    if (lines.length < 1000) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}
