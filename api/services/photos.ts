import type { Readable } from 'node:stream';
import { unknownPhoto } from '../../shared/errors/catalog';
import type { ByteRange, FileStore } from '../../shared/files/file-store';
import type { PhotoStore } from '../../shared/stores/photos/photo-store';

export interface PhotoFile {
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  open(range?: ByteRange): Promise<Readable>;
}

interface Deps {
  readonly photos: Pick<PhotoStore, 'find'>;
  readonly files: Pick<FileStore, 'read' | 'stat'>;
}

export type PhotoService = ReturnType<typeof createPhotoService>;

export function createPhotoService({ photos, files }: Deps) {
  return {
    /** A photo that this solution uploaded. Throws `unknown-photo`. */
    async open(solutionId: number, name: string): Promise<PhotoFile> {
      // PostgreSQL does not accept such a text, so it is not asked.
      if (name.includes('\0')) throw unknownPhoto();
      const photo = await photos.find(solutionId, name);
      // The file store has lost it. The solution can send it again.
      if (photo === null || (await files.stat(photo.fileKey)) === null) throw unknownPhoto();
      return {
        bytes: photo.bytes,
        sha256: photo.sha256,
        open: (range) => files.read(photo.fileKey, range),
      };
    },
  };
}
