import type { IncomingMessage } from 'node:http';
import { notAZip } from '../../shared/errors/catalog';

/**
 * A zip is packed already. One that comes packed once more would be taken for bytes that are no zip, or for no form.
 * Throws `not-a-zip`, which names the encoding.
 */
export function refuseEncoded({ headers }: Pick<IncomingMessage, 'headers'>): void {
  const encoding = headers['content-encoding']?.trim() ?? '';
  if (encoding === '' || encoding.toLowerCase() === 'identity') return;
  throw notAZip(
    `The body comes with Content-Encoding ${encoding.slice(0, 40)}. Send the zip archive as it is, without it.`,
  );
}
