import { createHash } from 'node:crypto';
import { bytesOf } from '../../../shared/formats/bytes-of';
import type { Reason } from '../../../shared/domain/reason';
import type { FileStore } from '../../../shared/files/file-store';
import { photoKeyOf, photoNameKeyOf, thumbnailKeyOf } from '../../../shared/files/layout';
import type { NewPhoto } from '../../../shared/stores/photos/photo-store';
import { readPhoto } from './photo-reader';
import { createRoom } from './room';

interface Owner {
  readonly solutionId: number;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
}

/**
 * The limit, for all syncs of this process, of received photos in memory. Two telephone photos keep two cores busy;
 * more would only wait.
 */
export const contentsInMemory = createRoom(8 * 1024 * 1024);

/** Reads a photo that has been sent or found. Returns why where it is none. */
export async function photoFrom(
  files: Pick<FileStore, 'stat' | 'write'>,
  { solutionId, timezone }: Owner,
  name: string,
  content: Buffer,
): Promise<NewPhoto | { readonly problem: Reason }> {
  const read = await readPhoto(content, timezone);
  if ('problem' in read) return read;
  const { thumbnail, takenAt: exifTakenAt, width, height } = read;
  const sha256 = sha256Of(content);
  await writeMissing(files, thumbnailKeyOf(solutionId, sha256), thumbnail);
  return {
    ...{ name, sha256, fileKey: photoKeyOf(solutionId, sha256), bytes: content.length },
    ...{ width, height, exifTakenAt },
    thumbnail: { sha256: sha256Of(thumbnail), bytes: thumbnail.length },
  };
}

/** Stores a photo's content, once however many names it has. */
export const storePhoto = (
  files: Pick<FileStore, 'stat' | 'write'>,
  { fileKey }: Pick<NewPhoto, 'fileKey'>,
  content: Buffer,
): Promise<void> => writeMissing(files, fileKey, content);

/** The contents that are stored under a name. */
export interface PhotoName {
  /** In NFC. */
  readonly name: string;
  /** The digest of the content with this name, in hex. */
  readonly sha256: string;
  /** The digests of the earlier contents with this name, the oldest first. */
  readonly earlier: readonly string[];
}

/** Stores which photo a name refers to, with the earlier ones. */
export async function storePhotoName(
  files: Pick<FileStore, 'stat' | 'read' | 'write'>,
  solutionId: number,
  { name, sha256, isSuperseded }: Pick<PhotoName, 'name' | 'sha256'> & { readonly isSuperseded: boolean },
): Promise<void> {
  const key = photoNameKeyOf(solutionId, sha256Of(Buffer.from(name.normalize('NFC').toLowerCase())));
  const known = (await files.stat(key)) === null ? null : readPhotoName(await readAll(files, key));
  const latest = isSuperseded ? (known?.sha256 ?? sha256) : sha256;
  const all = new Set([...(known?.earlier ?? []), known?.sha256 ?? sha256, sha256]);
  all.delete(latest);
  const noted: PhotoName = { name: name.normalize('NFC'), sha256: latest, earlier: [...all] };
  await files.write(key, Buffer.from(JSON.stringify(noted)));
}

/** Null: it is not one of our files. Files of earlier versions do not contain the earlier photos of a name. */
export function readPhotoName(content: Buffer): PhotoName | null {
  const read = parsed(content.toString('utf8'));
  if (typeof read !== 'object' || read === null || !('name' in read) || !('sha256' in read)) return null;
  const { name, sha256 } = read;
  if (typeof name !== 'string' || !isDigest(sha256)) return null;
  const earlier: unknown = 'earlier' in read ? read.earlier : [];
  return {
    name: name.normalize('NFC'),
    sha256,
    earlier: Array.isArray(earlier) ? earlier.filter(isDigest) : [],
  };
}

const isDigest = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{64}$/.test(value);

export const readAll = async (files: Pick<FileStore, 'read'>, key: string): Promise<Buffer> =>
  bytesOf(await files.read(key));

/** Reads what has so many bytes; no more of it. In its place at once: chunks that are put together would lie there twice. */
export async function readInto(bytes: number, chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const content = Buffer.alloc(bytes);
  let read = 0;
  for await (const chunk of chunks) read += chunk.copy(content, read);
  return content.subarray(0, read);
}

export const sha256Of = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** A file of another size is one that was damaged. */
async function writeMissing(
  files: Pick<FileStore, 'stat' | 'write'>,
  key: string,
  content: Uint8Array,
): Promise<void> {
  if ((await files.stat(key))?.bytes !== content.byteLength) await files.write(key, content);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
