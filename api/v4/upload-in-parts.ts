import { DataStore, Upload } from '@tus/server';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { AppError } from '../../shared/errors/app-error';
import { offsetMismatch, unknownUpload } from '../../shared/errors/catalog';
import type { FileStore } from '../../shared/files/file-store';
import { particularsKeyOf, resumableFolder, resumableKeyOf } from '../../shared/files/layout';
import type { PartStore, StoredPart, UnfinishedObject } from '../../shared/files/part-store';
import { bytesOf } from '../../shared/formats/bytes-of';
import { type ResumableStore, uploadExpiryMilliseconds } from './upload-store';

/**
 * Resumable uploads in an object store, where nothing can be appended to an object. What comes is stored in parts of
 * equal size; the rest, which is too small for a part, is an object of its own until more comes. A byte is only
 * acknowledged when it is durable, and a stored byte is only removed when it is durable elsewhere. The description of an
 * upload is beside it, under the same keys as on a disk.
 */
export function createUploadsInParts(files: FileStore, parts: PartStore): ResumableStore {
  const data = new UploadsInParts(files, parts);
  return {
    data,
    async ids() {
      const ids: string[] = [];
      for await (const { key } of files.list(resumableFolder))
        if (key.endsWith('.json')) ids.push(key.slice(resumableFolder.length + 1, -'.json'.length));
      return ids;
    },
    async begunAt(id) {
      const begunAt = Date.parse((await data.describe(id))?.creation_date ?? '');
      return Number.isNaN(begunAt) ? null : begunAt;
    },
  };
}

class UploadsInParts extends DataStore {
  override extensions = [
    'creation',
    'creation-with-upload',
    'creation-defer-length',
    'termination',
    'expiration',
  ];

  constructor(
    private readonly files: FileStore,
    private readonly parts: PartStore,
  ) {
    super();
  }

  override getExpiration = (): number => uploadExpiryMilliseconds;

  override async create(upload: Upload): Promise<Upload> {
    const key = resumableKeyOf(upload.id);
    // No request follows for an upload without a byte.
    if (upload.size === 0) await this.files.write(key, Buffer.alloc(0));
    const { uploadId } = upload.size === 0 ? { uploadId: '' } : await this.parts.begin(key);
    upload.storage = { type: 's3', path: uploadId };
    await this.keepDescription(upload);
    return upload;
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    const upload = await this.needUpload(id);
    upload.size = size;
    await this.keepDescription(upload);
  }

  override async getUpload(id: string): Promise<Upload> {
    const upload = await this.needUpload(id);
    const whole = await this.files.stat(resumableKeyOf(id));
    upload.offset = whole?.bytes ?? (await this.storedBytes(objectOf(upload)));
    return upload;
  }

  /** Also keeps what came before the connection broke. */
  override async write(content: Readable, id: string, offset: number): Promise<number> {
    const upload = await this.needUpload(id);
    // An earlier request has completed it, and its response was lost.
    if ((await this.files.stat(resumableKeyOf(id))) !== null) return offset;
    const growth = await this.resume(objectOf(upload));
    if (growth.offset() !== offset) throw offsetMismatch();
    let failure: { readonly error: unknown } | null = null;
    try {
      for await (const chunk of content as AsyncIterable<Buffer>) await growth.add(chunk);
    } catch (error) {
      // It is the store's own error, or that of a connection that broke.
      if (growth.hasFailed()) throw error;
      failure = { error };
    }
    if (growth.offset() === upload.size) await growth.complete();
    else await growth.keep();
    if (failure !== null) throw failure.error;
    return growth.offset();
  }

  override async remove(id: string): Promise<void> {
    const upload = await this.needUpload(id);
    const object = objectOf(upload);
    if (object.uploadId !== '') await this.parts.abort(object);
    await this.parts.removeTails(object);
    await this.files.remove(object.key);
    await this.files.remove(descriptionKeyOf(id));
  }

  /** Null: there is no such upload. */
  async describe(id: string): Promise<Upload | null> {
    try {
      const written: unknown = JSON.parse(
        (await bytesOf(await this.files.read(descriptionKeyOf(id)))).toString('utf8'),
      );
      return decoded(id, written);
    } catch (error) {
      if (error instanceof AppError && error.kind === 'absent') return null;
      throw error;
    }
  }

  private async needUpload(id: string): Promise<Upload> {
    const upload = await this.describe(id);
    if (upload === null) throw unknownUpload();
    return upload;
  }

  private async keepDescription(upload: Upload): Promise<void> {
    await this.files.write(descriptionKeyOf(upload.id), Buffer.from(JSON.stringify(upload)));
  }

  private async storedBytes(object: UnfinishedObject): Promise<number> {
    const bytes = sumOf(await this.parts.list(object));
    return bytes + (await this.parts.tailBytes(object, bytes));
  }

  private async resume(object: UnfinishedObject) {
    const stored = [...(await this.parts.list(object))];
    const tail = await this.parts.readTail(object, sumOf(stored));
    return growing(this.parts, object, stored, tail);
  }
}

const description = z.object({
  size: z.number().optional(),
  metadata: z.record(z.string(), z.string().nullable()).optional(),
  creation_date: z.string().optional(),
  storage: z.object({ type: z.string(), path: z.string() }).optional(),
});

function decoded(id: string, written: unknown): Upload {
  const { size, metadata, creation_date, storage } = description.parse(written);
  return new Upload({
    id,
    offset: 0,
    ...(size === undefined ? {} : { size }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(creation_date === undefined ? {} : { creation_date }),
    ...(storage === undefined ? {} : { storage }),
  });
}

/** An object that gets further bytes. `tail`: those after the last part. */
function growing(parts: PartStore, object: UnfinishedObject, stored: StoredPart[], tail: Buffer) {
  let partsBytes = sumOf(stored);
  let held: Buffer[] = tail.length > 0 ? [tail] : [];
  let heldBytes = tail.length;
  let durableTailBytes = tail.length;
  let hasFailed = false;

  return {
    offset: () => partsBytes + heldBytes,
    hasFailed: () => hasFailed,

    async add(chunk: Buffer): Promise<void> {
      for (let rest = chunk; rest.length > 0;) {
        const taken = rest.subarray(0, parts.partBytes - heldBytes);
        held.push(taken);
        heldBytes += taken.length;
        rest = rest.subarray(taken.length);
        if (heldBytes === parts.partBytes) await putHeld();
      }
    },

    /** Makes what is no whole part durable. */
    async keep(): Promise<void> {
      if (heldBytes === durableTailBytes) return;
      await parts.writeTail(object, { start: partsBytes, content: Buffer.concat(held) });
    },

    async complete(): Promise<void> {
      if (heldBytes > 0) await putHeld();
      await parts.complete(object, stored);
      await parts.removeTails(object);
    },
  };

  async function putHeld(): Promise<void> {
    try {
      stored.push(await parts.put(object, stored.length + 1, Buffer.concat(held)));
    } catch (error) {
      hasFailed = true;
      throw error;
    }
    partsBytes += heldBytes;
    held = [];
    heldBytes = 0;
    durableTailBytes = 0;
  }
}

const sumOf = (parts: readonly StoredPart[]): number => parts.reduce((sum, { bytes }) => sum + bytes, 0);

const objectOf = ({ id, storage }: Upload): UnfinishedObject => ({
  key: resumableKeyOf(id),
  uploadId: storage?.path ?? '',
});

const descriptionKeyOf = (id: string): string => {
  const key = particularsKeyOf(resumableKeyOf(id));
  if (key === null) throw new Error('a resumable upload has a description');
  return key;
};
