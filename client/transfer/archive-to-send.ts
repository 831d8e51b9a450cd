import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Channel } from '../../shared/domain/channel';
import type { OutgoingBody } from '../http/exchange';

/** An archive on the local disk that is to be sent. */
export interface ArchiveToSend {
  readonly channel: Channel;
  readonly file: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  /** The Idempotency-Key: makes repeating safe, in a later run as well. */
  readonly key: string;
  /** The path of an earlier resumable upload, or null. */
  readonly resumeAt: string | null;
  /** Larger archives are sent as resumable uploads. */
  readonly resumableAboveBytes: number;
  /** The caller must store it for a later run. */
  readonly onResumable: (resumeAt: string | null) => Promise<void>;
  readonly onBytes: (sent: number, of: number) => void;
}

/** RFC 9530. @param sha256 hex. */
export function digestHeader(sha256: string): string {
  return `sha-256=:${Buffer.from(sha256, 'hex').toString('base64')}:`;
}

/** Part of an archive as the body of a request. */
export function slice(archive: ArchiveToSend, from: number, bytes: number): OutgoingBody {
  return { bytes, open: () => (bytes === 0 ? Readable.from([]) : openSlice(archive, from, bytes)) };
}

function openSlice({ file, onBytes, bytes: of }: ArchiveToSend, from: number, bytes: number): Readable {
  let sent = from;
  const stream = createReadStream(file, { start: from, end: from + bytes - 1, highWaterMark: 64 * 1024 });
  stream.on('data', (chunk) => {
    sent += chunk.length;
    onBytes(sent, of);
  });
  // A listener would start the stream; it must wait until somebody reads the bytes.
  return stream.pause();
}
