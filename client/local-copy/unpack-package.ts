import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readArchive } from '../../shared/archive/read-archive';
import type { SyncReport } from '../../shared/domain/report';
import type { ClassDigest } from '../../shared/formats/class-digest';
import { reportShape } from '../protocol-calls';
import { badPackage } from '../solution-error';
import type { Op } from './carry-settings';
import { messageOf, systemCallOf } from './system-error';

/** An unpacked instruction package that agrees with its manifest. */
export interface UnpackedPackage {
  readonly sync: string;
  readonly files: readonly InstructionFile[];
  readonly report: SyncReport;
  /** The server's belief about each class of ours after this package; null: the package does not contain it. */
  readonly classes: Readonly<Record<string, ClassDigest>> | null;
}

export interface InstructionFile {
  /** In the package, e.g. `xml/Fridges-u.xml`. */
  readonly name: string;
  /** The class or table, e.g. `Fridges`. */
  readonly subject: string;
  readonly kind: 'xml' | 'csv';
  readonly op: Op;
  readonly count: number;
  /** On the disk. */
  readonly path: string;
}

/** Unpacks `archive` into `folder`, emptying it first. @throws SolutionError `bad-package`. */
export async function unpackPackage(archive: string, folder: string): Promise<UnpackedPackage> {
  await rm(folder, { recursive: true, force: true });
  const digests = await extract(archive, folder);
  const manifest = decode(manifestShape, await readJsonFile(folder, 'manifest.json'), 'manifest.json');
  const report = decode(reportShape, await readJsonFile(folder, 'report.json'), 'report.json');
  const files = manifest.files.map((file) => {
    const name = file.name.toLowerCase();
    if (!digests.has(name)) throw badPackage(`${file.name} is in its manifest only`);
    if (digests.get(name) !== file.sha256) throw badPackage(`${file.name} is not what its manifest says`);
    return { ...file, ...partsOf(file.name, file.op), path: path.join(folder, name) };
  });
  return { sync: manifest.sync, files, report, classes: manifest.classes ?? null };
}

/** @returns the digest (hex) of each file, by its name in lower case: names compare without case. */
async function extract(archive: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const digests = new Map<string, string>();
  try {
    for await (const entry of readArchive(archive)) {
      if (entry.name.endsWith('/')) continue;
      const name = entry.name.toLowerCase();
      const target = path.join(folder, name);
      await mkdir(path.dirname(target), { recursive: true });
      const hash = createHash('sha256');
      const tap = new Transform({
        transform: (chunk: Buffer, _encoding, done) => {
          hash.update(chunk);
          done(null, chunk);
        },
      });
      await pipeline(await entry.open(), tap, createWriteStream(target, { mode: 0o600 }));
      digests.set(name, hash.digest('hex'));
    }
  } catch (error) {
    if (systemCallOf(error) !== null) throw error;
    throw badPackage(messageOf(error));
  }
  return digests;
}

async function readJsonFile(folder: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path.join(folder, name), 'utf8'));
  } catch {
    throw badPackage(`it has no readable ${name}`);
  }
}

function decode<T>(shape: z.ZodType<T>, value: unknown, name: string): T {
  const decoded = shape.safeParse(value);
  if (decoded.success) return decoded.data;
  throw badPackage(`its ${name} is not as the protocol has it`);
}

/** `xml/Fridges-u.xml` → Fridges. A name that is not of this form must never become a path of ours. */
function partsOf(name: string, op: Op): { subject: string; kind: 'xml' | 'csv' } {
  const [, kind, subject, written] = /^(xml|csv)\/([\w]{1,100})-([iudr])\.\1$/i.exec(name) ?? [];
  if (subject === undefined || written?.toLowerCase() !== op)
    throw badPackage(`${name} is no name of an instruction file`);
  return { subject, kind: kind?.toLowerCase() === 'xml' ? 'xml' : 'csv' };
}

const manifestShape = z.object({
  sync: z.string(),
  files: z.array(
    z.object({
      name: z.string(),
      op: z.enum(['i', 'u', 'd', 'r']),
      count: z.number(),
      sha256: z.string(),
    }),
  ),
  // A name from the server must never become a path of ours.
  classes: z
    .record(z.string().regex(/^\w{1,100}$/), z.object({ entities: z.number(), digest: z.string() }))
    .nullish(),
});
