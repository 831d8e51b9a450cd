import {
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Settings } from '../../shared/files/s3-settings';

// What no listing of the file store shows, seen with the eyes of S3.

/** How many bytes of unfinished objects are stored, below this key. */
export async function partBytesOf(bucket: S3Settings, prefix: string): Promise<number> {
  let bytes = 0;
  for (const { Key, UploadId } of await unfinishedOf(bucket, prefix)) {
    const { Parts = [] } = await clientOf(bucket).send(
      new ListPartsCommand({ Bucket: bucket.bucket, Key, UploadId }),
    );
    bytes += Parts.reduce((sum, { Size = 0 }) => sum + Size, 0);
  }
  return bytes;
}

/** The keys of unfinished objects and of the tails of resumable uploads, below this key. */
export async function leftovers(bucket: S3Settings, prefix: string): Promise<string[]> {
  const tails = { Bucket: bucket.bucket, Prefix: `${bucket.prefix}.parts/tails/${prefix}` };
  const { Contents = [] } = await clientOf(bucket).send(new ListObjectsV2Command(tails));
  const unfinished = await unfinishedOf(bucket, prefix);
  return [...unfinished, ...Contents].map(({ Key = '' }) => Key);
}

async function unfinishedOf(bucket: S3Settings, prefix: string) {
  const found = await clientOf(bucket).send(
    new ListMultipartUploadsCommand({ Bucket: bucket.bucket, Prefix: `${bucket.prefix}${prefix}` }),
  );
  return found.Uploads ?? [];
}

const clientOf = ({ endpoint, region, credentials }: S3Settings): S3Client =>
  new S3Client({
    endpoint: endpoint ?? '',
    region,
    forcePathStyle: true,
    ...(credentials === null ? {} : { credentials }),
  });
