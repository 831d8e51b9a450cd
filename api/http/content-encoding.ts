import type { IncomingMessage } from 'node:http';
import { notAZip } from '../../shared/errors/catalog';

/**
 * A zip is already compressed. If it were compressed once more, it would look like bytes that are not a zip or not a
 * form. Throws `not-a-zip`, which names the encoding.
 */
export function refuseEncoded({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const encoding = headers['content-encoding']?.trim() ?? '';
  if (encoding === '' || encoding.toLowerCase() === 'identity') return;
  throw notAZip(
    `The body comes with Content-Encoding ${encoding.slice(0, 40)}. Send the zip archive as it is, without it.`,
  );
}
