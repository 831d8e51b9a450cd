import { internalFolder } from './file-keys';
import { FileStoreAway } from './file-store-away';
import type { PartStore, Tail, UnfinishedObject } from './part-store';
import type { S3Bucket } from './s3-bucket';

/** The smallest part that S3 takes, except as the last one. Some servers want all the others to be equal. */
export const partBytes = 5 * 2 ** 20;
const mostParts = 10_000;

/** Where the tails of unfinished objects are. */
export const tailsPrefix = `${internalFolder}/tails/`;

/** Objects that grow part by part, as multipart uploads of S3. */
export function createS3Parts(bucket: S3Bucket): PartStore {
  return {
    partBytes,
    mostParts,
    begin: (key) => bucket.beginParts(key),

    async put(object, number, content) {
      if (number > mostParts)
        throw new FileStoreAway(
          'refused',
          `The object store takes no object of more than ${mostParts * partBytes} bytes: lower EPACK_MAX_ARCHIVE_BYTES`,
        );
      return bucket.putPart(object, number, content);
    },

    list: (object) => bucket.listParts(object),

    async complete(object, parts) {
      if (await bucket.completeParts(object, parts)) return;
      // It was completed before, and only the response was lost; or it was given up.
      const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      const there = await bucket.head(object.key);
      if (there?.bytes !== bytes)
        throw new FileStoreAway('refused', 'The object store no longer knows the parts of an upload');
    },

    abort: (object) => bucket.abortParts(object),

    writeTail: (object, tail) => bucket.put(`${tailsOf(object)}${tailName(tail)}`, tail.content),

    async readTail(object, start) {
      const tail = await longestTail(bucket, object, start);
      const found = tail === null ? null : await bucket.get(tail.key);
      if (found === null || found === 'beyond') return Buffer.alloc(0);
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of found.body as AsyncIterable<Buffer>) chunks.push(chunk);
      } catch (error) {
        throw bucket.asAway(error);
      }
      return Buffer.concat(chunks);
    },

    tailBytes: async (object, start) => (await longestTail(bucket, object, start))?.bytes ?? 0,

    async removeTails(object) {
      for await (const { key } of bucket.list(tailsOf(object))) await bucket.delete(key);
    },
  };
}

const tailsOf = ({ key }: UnfinishedObject): string => `${tailsPrefix}${key}/`;

/**
 * Its start and its length are part of the name. A longer tail therefore replaces no shorter one before it is there, and
 * a writer that was overtaken cannot shorten what its successor has stored.
 */
const tailName = ({ start, content }: Tail): string => `${start}-${content.byteLength}`;

async function longestTail(bucket: S3Bucket, object: UnfinishedObject, start: number) {
  let longest: { readonly key: string; readonly bytes: number } | null = null;
  for await (const { key, bytes } of bucket.list(`${tailsOf(object)}${start}-`))
    if (bytes > (longest?.bytes ?? 0)) longest = { key, bytes };
  return longest;
}
