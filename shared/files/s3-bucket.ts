import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { Readable } from 'node:stream';
import type { FileStoreAway } from './file-store-away';
import type { ByteRange } from './file-store';
import type { StoredPart, UnfinishedObject } from './part-store';
import { asFileStoreAway, isAbsence, isBeyondTheEnd } from './s3-errors';
import type { ObservedFileCall, S3Settings } from './s3-settings';

/** A stored object, without its content. */
export interface S3Object {
  /** Without the prefix of the settings. */
  readonly key: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
}

export interface S3Content {
  readonly body: Readable;
  /** Identifies this version of the object. */
  readonly etag: string;
}

export type S3Bucket = ReturnType<typeof openS3Bucket>;

/** Idle for so long, a connection counts as broken. */
const idleMilliseconds = 15_000;
const connectMilliseconds = 3_000;
/** The store puts the parts of a large object together, and may say nothing meanwhile. */
const completeMilliseconds = 300_000;
/** The library waits between them, longer each time. */
const attempts = 3;

/**
 * The door to the S3 library: the calls of one bucket, below one prefix. Every error other than absence is a
 * `FileStoreAway`. Checksums are those of the signature (SHA-256 of what is sent), because not every server knows the
 * newer ones.
 */
export function openS3Bucket(settings: S3Settings, observe: (call: ObservedFileCall) => void) {
  const client = new S3Client(clientConfig(settings));
  const { bucket: Bucket, prefix } = settings;
  const where = `bucket ${Bucket} at ${settings.endpoint ?? settings.region}`;
  const named = (key: string) => ({ Bucket, Key: `${prefix}${key}` });
  const ofUpload = ({ key, uploadId }: UnfinishedObject) => ({ ...named(key), UploadId: uploadId });
  const encryption = encryptionOf(settings);

  return {
    async put(key: string, content: Uint8Array): Promise<void> {
      await call('PutObject', () =>
        client.send(new PutObjectCommand({ ...named(key), ...encryption, Body: content })),
      );
    },

    /** Null: there is no such object. 'beyond': the range begins after its end. `etag`: only of this version. */
    async get(key: string, range?: ByteRange, etag?: string): Promise<S3Content | 'beyond' | null> {
      const Range = range === undefined ? {} : { Range: `bytes=${range.start}-${lastByteOf(range)}` };
      const IfMatch = etag === undefined ? {} : { IfMatch: etag };
      const found = await unlessAbsent(
        call('GetObject', () => client.send(new GetObjectCommand({ ...named(key), ...Range, ...IfMatch }))),
      );
      if (found === null || found === 'beyond') return found;
      if (!(found.Body instanceof Readable)) throw new Error('the S3 library returns no stream');
      return { body: found.Body, etag: found.ETag ?? '' };
    },

    /** Null: there is no such object. */
    async head(key: string): Promise<S3Object | null> {
      const found = await unlessAbsent(
        call('HeadObject', () => client.send(new HeadObjectCommand(named(key)))),
      );
      if (found === null || found === 'beyond') return null;
      return { key, bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date(0) };
    },

    async delete(key: string): Promise<void> {
      await unlessAbsent(call('DeleteObject', () => client.send(new DeleteObjectCommand(named(key)))));
    },

    /** Every object whose key begins with this text. */
    async *list(start: string): AsyncGenerator<S3Object> {
      for (let ContinuationToken: string | undefined; ;) {
        const token = ContinuationToken === undefined ? {} : { ContinuationToken };
        const page = await call('ListObjectsV2', () =>
          client.send(new ListObjectsV2Command({ Bucket, Prefix: `${prefix}${start}`, ...token })),
        );
        for (const { Key = '', Size = 0, LastModified = new Date(0) } of page.Contents ?? [])
          yield { key: Key.slice(prefix.length), bytes: Size, modifiedAt: LastModified };
        ContinuationToken = page.NextContinuationToken;
        if (page.IsTruncated !== true || ContinuationToken === undefined) return;
      }
    },

    /** Rejects if the bucket is missing or closed to us. */
    async need(): Promise<void> {
      await call('HeadBucket', () => client.send(new HeadBucketCommand({ Bucket }))).catch(
        (error: unknown) => {
          throw isAbsence(error)
            ? asFileStoreAway(Object.assign(new Error(''), { name: 'NoSuchBucket' }), where)
            : error;
        },
      );
    },

    async beginParts(key: string): Promise<UnfinishedObject> {
      const { UploadId } = await call('CreateMultipartUpload', () =>
        client.send(new CreateMultipartUploadCommand({ ...named(key), ...encryption })),
      );
      if (UploadId === undefined) throw new Error('the S3 server gives no id for an upload in parts');
      return { key, uploadId: UploadId };
    },

    async putPart(object: UnfinishedObject, number: number, content: Buffer): Promise<StoredPart> {
      const { ETag = '' } = await call('UploadPart', () =>
        client.send(new UploadPartCommand({ ...ofUpload(object), PartNumber: number, Body: content })),
      );
      return { number, bytes: content.byteLength, etag: ETag };
    },

    async listParts(object: UnfinishedObject): Promise<StoredPart[]> {
      const parts: StoredPart[] = [];
      for (let PartNumberMarker: string | undefined; ;) {
        const marker = PartNumberMarker === undefined ? {} : { PartNumberMarker };
        const page = await unlessAbsent(
          call('ListParts', () => client.send(new ListPartsCommand({ ...ofUpload(object), ...marker }))),
        );
        if (page === null || page === 'beyond') return [];
        for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? [])
          parts.push({ number: PartNumber, bytes: Size, etag: ETag });
        PartNumberMarker = page.NextPartNumberMarker;
        if (page.IsTruncated !== true || PartNumberMarker === undefined) break;
      }
      return parts.sort((a, b) => a.number - b.number);
    },

    /** False: there is no such upload in parts (any more). */
    async completeParts(object: UnfinishedObject, parts: readonly StoredPart[]): Promise<boolean> {
      const Parts = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag }));
      const command = new CompleteMultipartUploadCommand({
        ...ofUpload(object),
        MultipartUpload: { Parts },
      });
      const done = await unlessAbsent(
        call('CompleteMultipartUpload', () => client.send(command, { requestTimeout: completeMilliseconds })),
      );
      return done !== null;
    },

    async abortParts(object: UnfinishedObject): Promise<void> {
      await unlessAbsent(
        call('AbortMultipartUpload', () => client.send(new AbortMultipartUploadCommand(ofUpload(object)))),
      );
    },

    /** Those that were begun before this time, and neither completed nor given up. */
    async *unfinished(before: Date): AsyncGenerator<UnfinishedObject> {
      for (let markers: { KeyMarker?: string; UploadIdMarker?: string } = {}; ;) {
        const page = await call('ListMultipartUploads', () =>
          client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: prefix, ...markers })),
        );
        for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? [])
          if (Initiated !== undefined && Initiated < before)
            yield { key: Key.slice(prefix.length), uploadId: UploadId };
        if (page.IsTruncated !== true || page.NextKeyMarker === undefined) return;
        markers = {
          KeyMarker: page.NextKeyMarker,
          ...(page.NextUploadIdMarker === undefined ? {} : { UploadIdMarker: page.NextUploadIdMarker }),
        };
      }
    },

    /** The same for a content that breaks while it is read. */
    asAway: (error: unknown): FileStoreAway => asFileStoreAway(error, where),
  };

  async function call<T>(operation: string, send: () => Promise<T>): Promise<T> {
    const begunAt = performance.now();
    const observed = (outcome: string) =>
      observe({ operation, outcome, seconds: (performance.now() - begunAt) / 1000 });
    try {
      const result = await send();
      observed('ok');
      return result;
    } catch (error) {
      if (isAbsence(error) || isBeyondTheEnd(error)) {
        observed('absent');
        throw error;
      }
      const away = asFileStoreAway(error, where);
      observed(away.reason);
      throw away;
    }
  }
}

async function unlessAbsent<T>(called: Promise<T>): Promise<T | 'beyond' | null> {
  try {
    return await called;
  } catch (error) {
    if (isBeyondTheEnd(error)) return 'beyond';
    if (isAbsence(error)) return null;
    throw error;
  }
}

/** Some servers do not take a larger number. */
const lastByteOf = ({ end }: ByteRange): number => Math.min(end, Number.MAX_SAFE_INTEGER);

function clientConfig({ endpoint, region, isPathStyle, authority, credentials }: S3Settings): S3ClientConfig {
  const connections = { keepAlive: true, maxSockets: 64 };
  return {
    region,
    ...(endpoint === null ? {} : { endpoint }),
    forcePathStyle: isPathStyle,
    ...(credentials === null ? {} : { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: attempts,
    // The name of the bucket is the operator's word, not a request to go to another region.
    followRegionRedirects: false,
    requestHandler: {
      connectionTimeout: connectMilliseconds,
      socketTimeout: idleMilliseconds,
      httpAgent: new HttpAgent(connections),
      httpsAgent: new HttpsAgent({ ...connections, ...(authority === null ? {} : { ca: authority }) }),
    },
  };
}

function encryptionOf({ encryption }: S3Settings) {
  if (encryption === null) return {};
  const { algorithm, kmsKey } = encryption;
  return { ServerSideEncryption: algorithm, ...(kmsKey === null ? {} : { SSEKMSKeyId: kmsKey }) };
}
