import type { Connection } from '../connection';
import { acceptedShape } from '../protocol-calls';
import { type ArchiveToSend, digestHeader, slice } from './archive-to-send';
import { sendResumably } from './send-resumably';

/** Archives up to 8 MiB are sent in one request: two more round trips cost more than repeating it. */
export const defaultResumableAboveBytes = 8 * 1024 * 1024;

/**
 * Sends an archive to the server, with retries if the network fails. @returns the sync. @throws ServerProblem if it is
 * refused.
 */
export async function sendArchive(connection: Connection, archive: ArchiveToSend): Promise<string> {
  const isLarge = archive.resumeAt !== null || archive.bytes > archive.resumableAboveBytes;
  return isLarge ? sendResumably(connection, archive) : sendWhole(connection, archive);
}

/** A lost response is recovered by repeating the request: for the same key the server returns its first response. */
async function sendWhole(connection: Connection, archive: ArchiveToSend): Promise<string> {
  const { value } = await connection.json(
    {
      method: 'POST',
      path: `/v4/${archive.channel}/datas`,
      headers: {
        'Content-Type': 'application/zip',
        'Content-Digest': digestHeader(archive.sha256),
        'Idempotency-Key': archive.key,
      },
      body: slice(archive, 0, archive.bytes),
      idleTimeoutMs: 120_000,
    },
    acceptedShape,
  );
  return value.sync;
}
