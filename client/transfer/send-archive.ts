import type { Connection } from '../connection';
import { acceptedShape } from '../protocol-calls';
import { type ArchiveToSend, digestHeader, slice } from './archive-to-send';
import { sendResumably } from './send-resumably';

/** Archives up to 8 MiB go in one request: two more round trips cost more than repeating them. */
export const defaultResumableAboveBytes = 8 * 1024 * 1024;

/** Brings an archive to the server, however often the network fails. @returns the sync. @throws ServerProblem where it is refused. */
export async function sendArchive(connection: Connection, archive: ArchiveToSend): Promise<string> {
  const isLarge = archive.resumeAt !== null || archive.bytes > archive.resumableAboveBytes;
  return isLarge ? sendResumably(connection, archive) : sendWhole(connection, archive);
}

/** A lost answer is got again by repeating: the same key makes the server give its first answer. */
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
