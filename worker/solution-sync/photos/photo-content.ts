import { createHash } from 'node:crypto';
import type { FileStore } from '../../../shared/files/file-store';
import { photoKeyOf, photoNameKeyOf, thumbnailKeyOf } from '../../../shared/files/layout';
import type { NewPhoto } from '../../../shared/stores/photos/photo-store';
import { readPhoto } from './photo-reader';

interface Owner {
  readonly solutionId: number;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
}

/** Reads a photo that has been sent or found. Answers a sentence where it is none. */
export async function photoFrom(
  files: Pick<FileStore, 'stat' | 'write'>,
  { solutionId, timezone }: Owner,
  name: string,
  content: Buffer,
): Promise<NewPhoto | { readonly problem: string }> {
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

/** Stores a photo's content, once however many names it has, and then the name that it bears. */
export async function storePhoto(
  files: Pick<FileStore, 'stat' | 'write'>,
  solutionId: number,
  { name, sha256, fileKey }: Pick<NewPhoto, 'name' | 'sha256' | 'fileKey'>,
  content: Buffer,
): Promise<void> {
  await writeMissing(files, fileKey, content);
  await storePhotoName(files, solutionId, { name, sha256 });
}

/** A content that is stored under a name. */
export interface PhotoName {
  readonly name: string;
  /** Of the content, hex. */
  readonly sha256: string;
}

/** The last content to bear a name is the one that counts. */
export async function storePhotoName(
  files: Pick<FileStore, 'write'>,
  solutionId: number,
  { name, sha256 }: PhotoName,
): Promise<void> {
  const key = photoNameKeyOf(solutionId, sha256Of(Buffer.from(name.toLowerCase())));
  await files.write(key, Buffer.from(JSON.stringify({ name, sha256 })));
}

/** Null: that is none of ours. */
export function readPhotoName(content: Buffer): PhotoName | null {
  const read = parsed(content.toString('utf8'));
  if (typeof read !== 'object' || read === null || !('name' in read) || !('sha256' in read)) return null;
  const { name, sha256 } = read;
  if (typeof name !== 'string' || typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return null;
  return { name, sha256 };
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
