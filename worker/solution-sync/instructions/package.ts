import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { zipStream, type ZipEntry } from '../../../shared/archive/zip-writer';
import type { Channel } from '../../../shared/domain/channel';
import type { SyncReport } from '../../../shared/domain/report';
import type { ClassDigest } from '../../../shared/formats/class-digest';
import type { FileStore } from '../../../shared/files/file-store';
import type { WrittenPackage } from '../../../shared/stores/syncs/sync-steps';

/** insert, update, delete, replace the whole. */
export type InstructionOp = 'i' | 'u' | 'd' | 'r';

/** One file of an instruction package. */
export interface InstructionFile {
  /** e.g. `xml/Fridges-u.xml`. */
  readonly name: string;
  readonly op: InstructionOp;
  /** The text of the file in pieces. Returns how many instructions it contains. */
  content(): AsyncGenerator<string, number>;
}

export interface PackageContents {
  readonly instructions: AsyncIterable<InstructionFile> | Iterable<InstructionFile>;
  readonly report: SyncReport;
  /** Called after the instructions are written: what the solution has of each class once it has carried them out. */
  readonly classes?: () => Promise<ReadonlyMap<string, ClassDigest>>;
}

interface ManifestFile {
  readonly name: string;
  readonly op: InstructionOp;
  readonly count: number;
  /** Hex. */
  readonly sha256: string;
}

const protocol = 'ePack V4';

/**
 * Writes the instruction package: the files, `report.json`, `manifest.json`. Everything streams, so a package may
 * hold a table of millions of rows. Source: ePack V4, The instruction package.
 */
export async function writePackage(
  files: FileStore,
  packageKey: string,
  sync: { readonly syncId: string; readonly channel: Channel },
  contents: PackageContents,
): Promise<WrittenPackage> {
  const hash = createHash('sha256');
  const stored = await files.write(packageKey, seenBy(hash, zipStream(entries(sync, contents))));
  return { packageKey, packageBytes: stored.bytes, packageSha256: hash.digest('hex') };
}

async function* seenBy(hash: ReturnType<typeof createHash>, bytes: Readable): AsyncGenerator<Buffer> {
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The manifest comes last, because it contains the digests of the files before it. */
async function* entries(
  { syncId, channel }: { readonly syncId: string; readonly channel: Channel },
  { instructions, report, classes }: PackageContents,
): AsyncGenerator<ZipEntry> {
  const listed: ManifestFile[] = [];
  for await (const file of instructions) {
    const written = createHash('sha256');
    let count = 0;
    yield {
      name: file.name,
      content: () =>
        Readable.from(
          hashing(file.content(), written, (total) => (count = total)),
          { objectMode: false },
        ),
    };
    listed.push({ name: file.name, op: file.op, count, sha256: written.digest('hex') });
  }
  yield { name: 'report.json', content: JSON.stringify(report, null, 2) };
  const held = classes === undefined ? {} : { classes: Object.fromEntries(await classes()) };
  const generatedAt = new Date().toISOString();
  const manifest = { sync: syncId, channel, generatedAt, protocol, files: listed, ...held };
  yield { name: 'manifest.json', content: JSON.stringify(manifest, null, 2) };
}

async function* hashing(
  pieces: AsyncGenerator<string, number>,
  hash: ReturnType<typeof createHash>,
  onEnd: (count: number) => void,
): AsyncGenerator<Buffer> {
  for (;;) {
    const piece = await pieces.next();
    if (piece.done === true) {
      onEnd(piece.value);
      return;
    }
    const bytes = Buffer.from(piece.value, 'utf8');
    hash.update(bytes);
    yield bytes;
  }
}
