import type { Readable } from 'node:stream';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { ByteRange, FileStore } from '../../../shared/files/file-store';
import { thumbnailKeyOf } from '../../../shared/files/layout';
import type { ListedPhoto, Photo, PhotoOwner, PhotoStore } from '../../../shared/stores/photos/photo-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needVisible } from './rights';

interface Stores {
  readonly photos: Pick<PhotoStore, 'list' | 'find'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

interface Deps {
  readonly stores: Stores;
  readonly files: Pick<FileStore, 'read' | 'stat'>;
}

/** A photo or its thumbnail: a JPEG. */
export interface Picture {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  open(range?: ByteRange): Promise<Readable>;
}

/** The last photo that came under a name; or, of those that did, the one with this content (hex). */
export interface PhotoAddress {
  readonly name: string;
  readonly sha256: string | null;
}

export type PhotoGalleryService = ReturnType<typeof createPhotoGalleryService>;

/** The photos of a solution, as staff see them. */
export function createPhotoGalleryService({ stores, files }: Deps) {
  const { photos } = stores;

  return {
    /** The last to come first; `owner` null: all, else those of one log row. Throws `not-found`. */
    async list(
      caller: Caller,
      solutionId: number,
      owner: PhotoOwner | null,
      page: PageRequest<string>,
    ): Promise<Page<ListedPhoto>> {
      await needVisible(stores, caller, solutionId);
      return photos.list(solutionId, owner, page);
    },

    /** Its name compares without case. Throws `not-found`. */
    open: async (caller: Caller, solutionId: number, name: PhotoAddress): Promise<Picture> =>
      whole(await found(caller, solutionId, name)),

    /** The photo itself where its thumbnail is lost; `rebuild-photo-index` makes it again. Throws `not-found`. */
    async openThumbnail(caller: Caller, solutionId: number, name: PhotoAddress): Promise<Picture> {
      const photo = await found(caller, solutionId, name);
      const { thumbnail } = photo;
      const key = thumbnailKeyOf(solutionId, photo.sha256);
      const isThere = thumbnail !== null && (await files.stat(key))?.bytes === thumbnail.bytes;
      return isThere ? { ...thumbnail, open: (range) => files.read(key, range) } : whole(photo);
    },
  };

  /** Throws `not-found` where the file store has lost it: it can be sent again. */
  async function whole({ bytes, sha256, fileKey }: Photo): Promise<Picture> {
    if ((await files.stat(fileKey)) === null) throw notFound('photo');
    return { bytes, sha256, open: (range) => files.read(fileKey, range) };
  }

  async function found(caller: Caller, solutionId: number, { name, sha256 }: PhotoAddress): Promise<Photo> {
    await needVisible(stores, caller, solutionId);
    // PostgreSQL cannot even be asked for a name with a NUL.
    const photo = name.includes('\0') ? null : await photos.find(solutionId, name, sha256);
    if (photo === null) throw notFound('photo');
    return photo;
  }
}
