import { xmlElement } from '../../../shared/formats/plain-xml';
import type { DavClient } from './dav-client';
import { syncNamespace } from './dav-entry';

interface Keyed {
  readonly path: string;
  readonly isFolder: boolean;
  readonly key: string;
}

/**
 * Stores the key of an item as a property, which stays with the item when it is moved. False: the server did not store
 * it; then the item is recognised by its place and its content.
 */
export async function keepKey(
  client: DavClient,
  { path, isFolder, key }: Keyed,
  signal: AbortSignal,
): Promise<boolean> {
  const xml = `<?xml version="1.0" encoding="utf-8"?>
<propertyupdate xmlns="DAV:" xmlns:s="${syncNamespace}"><set><prop>${xmlElement('s:key', key)}</prop></set></propertyupdate>`;
  const request = { operation: 'update', method: 'PROPPATCH', path, isFolder, xml } as const;
  const { status } = await client.send(request, signal);
  return status === 207;
}
