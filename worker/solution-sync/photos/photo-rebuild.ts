import type { Db } from '../../../shared/db/database';
import { because } from '../../../shared/domain/reason-english';
import type { FileStore } from '../../../shared/files/file-store';
import { photoKeyOf, photoNamePrefixOf, thumbnailKeyOf } from '../../../shared/files/layout';
import {
  createPhotoStore,
  type NewPhoto,
  type Photo,
  type PhotoStore,
} from '../../../shared/stores/photos/photo-store';
import { createSyncStore } from '../../../shared/stores/syncs/sync-store';
import {
  contentsInMemory,
  type PhotoName,
  photoFrom,
  readAll,
  readInto,
  readPhotoName,
  sha256Of,
  storePhotoName,
} from './photo-content';

interface Deps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'stat' | 'read' | 'write' | 'list'>;
}

interface Owner {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
}

/** The result of rebuilding the index. */
interface Rebuilt {
  /** Entries whose photo the file store lost, or that it holds damaged. */
  forgotten: number;
  /** Photos of the file store that had no entry. */
  found: number;
}

/**
 * The flag `rebuild-photo-index`: the index is made again from the file store, and each photo is read to its last byte.
 * Lost photos leave the index, so that the solution, which gets the index, sends them again. Photos that the index had
 * lost come back under their names. Memory holds one photo at a time, and of all syncs together no more than
 * `contentsInMemory` has room for.
 */
export async function rebuildPhotoIndex({ db, files }: Deps, owner: Owner): Promise<void> {
  const photos = createPhotoStore(db);
  await needFileStore(db, files, owner.syncId);
  const rebuilt: Rebuilt = { forgotten: 0, found: 0 };
  await forgetLost({ photos, files }, owner, rebuilt);
  await addFound({ photos, files }, owner, rebuilt);
  const told = because({ code: 'photo-index-rebuilt', values: { ...rebuilt } });
  await createSyncStore(db).addEvent(owner.syncId, 'photo-index-rebuilt', told);
}

/** A file store that is out of reach looks like one that is empty: then nothing may be forgotten. */
async function needFileStore(db: Db, files: Pick<FileStore, 'stat'>, syncId: string): Promise<void> {
  const archiveKey = (await createSyncStore(db).find(syncId))?.archiveKey ?? null;
  if (archiveKey === null || (await files.stat(archiveKey)) === null) {
    throw new Error('the file store does not show the upload that it has just taken');
  }
}

interface Parts {
  readonly photos: PhotoStore;
  readonly files: Deps['files'];
}

async function forgetLost({ photos, files }: Parts, owner: Owner, rebuilt: Rebuilt): Promise<void> {
  for await (const photo of photos.listAll(owner.solutionId)) {
    const isWhole = await withPhotoContent(files, photo, (content) =>
      mendBeside({ photos, files }, owner, photo, content).then(() => true),
    );
    if (isWhole === true) continue;
    await photos.remove(owner.solutionId, [photo.id]);
    rebuilt.forgotten += 1;
  }
}

/** Writes the name file and the thumbnail of a photo again if they are missing. */
async function mendBeside(
  { photos, files }: Parts,
  owner: Owner,
  { id, name, sha256, isSuperseded, thumbnail }: Photo,
  content: Buffer,
): Promise<void> {
  await storePhotoName(files, owner.solutionId, { name, sha256, isSuperseded });
  const stored = await files.stat(thumbnailKeyOf(owner.solutionId, sha256));
  if (thumbnail !== null && stored?.bytes === thumbnail.bytes) return;
  const made = await photoFrom(files, owner, name, content);
  if ('problem' in made || made.thumbnail === null) return;
  await photos.setThumbnail(owner.solutionId, id, made.thumbnail);
}

async function addFound({ photos, files }: Parts, owner: Owner, rebuilt: Rebuilt): Promise<void> {
  const { solutionId, syncId } = owner;
  for await (const { key } of files.list(photoNamePrefixOf(solutionId))) {
    const named = readPhotoName(await readAll(files, key));
    if (named === null) continue;
    for (const sha256 of named.earlier) {
      const photo = await foundPhoto({ photos, files }, owner, { name: named.name, sha256 });
      if (photo !== null && (await photos.putEarlier(solutionId, syncId, photo))) rebuilt.found += 1;
    }
    if ((await photos.find(solutionId, named.name)) !== null) continue;
    const photo = await foundPhoto({ photos, files }, owner, named);
    if (photo === null) continue;
    await photos.put(solutionId, syncId, photo);
    rebuilt.found += 1;
  }
}

/** Null: the index has it, or the file store does not. */
async function foundPhoto(
  { photos, files }: Parts,
  owner: Owner,
  { name, sha256 }: Pick<PhotoName, 'name' | 'sha256'>,
): Promise<NewPhoto | null> {
  if ((await photos.find(owner.solutionId, name, sha256)) !== null) return null;
  const fileKey = photoKeyOf(owner.solutionId, sha256);
  const photo = await withPhotoContent(files, { sha256, fileKey }, (content) =>
    photoFrom(files, owner, name, content),
  );
  return photo === null || 'problem' in photo ? null : photo;
}

/** Null: it is not there, or is not what it was. */
async function withPhotoContent<T>(
  files: Deps['files'],
  { fileKey, sha256 }: Pick<Photo, 'fileKey' | 'sha256'>,
  work: (content: Buffer) => Promise<T>,
): Promise<T | null> {
  const stored = await files.stat(fileKey);
  if (stored === null) return null;
  return contentsInMemory.hold(stored.bytes, async () => {
    const content = await readInto(stored.bytes, await files.read(fileKey));
    return sha256Of(content) === sha256 ? work(content) : null;
  });
}
