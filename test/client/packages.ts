import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { zipStream } from '../../shared/archive/zip-writer';
import { createTestFolder } from '../setup/folder';

export interface PackageParts {
  readonly sync?: string;
  /** By name, e.g. `xml/Fridges-u.xml`. */
  readonly files: Readonly<Record<string, string>>;
  /** The wrong content of the manifest. */
  readonly manifest?: (truth: ManifestFile[]) => unknown;
}

interface ManifestFile {
  name: string;
  op: string;
  count: number;
  sha256: string;
}

/** An instruction package as the protocol has it. @returns its path. */
export async function packageWith({ sync = 'sync-1', files, manifest }: PackageParts): Promise<string> {
  const listed = Object.entries(files).map(([name, content]) => ({
    name,
    op: /-([iudr])\.\w+$/.exec(name)?.[1] ?? '?',
    count: 1,
    sha256: createHash('sha256').update(content).digest('hex'),
  }));
  const entries = [
    ...Object.entries(files).map(([name, content]) => ({ name, content })),
    { name: 'report.json', content: JSON.stringify(reportOf(sync)) },
    { name: 'manifest.json', content: JSON.stringify({ sync, files: manifest?.(listed) ?? listed }) },
  ];
  const file = path.join(createTestFolder().path, 'package.zip');
  await pipeline(zipStream(entries), createWriteStream(file));
  return file;
}

export function reportOf(sync: string) {
  return {
    sync,
    outcome: 'processed',
    params: {},
    logs: {},
    photos: { inserted: 0, duplicates: 0, rejected: 0 },
    rejections: [],
    ignored: [],
  };
}
