import { createHash } from 'node:crypto';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { IxApi } from './api';
import type { EntryReader } from './reading';
import type { DocVersion, Sord } from './sord';

/**
 * The bytes of one version of a document. ELO keeps versions, so this version can be read even if there is a newer one.
 * Its size and its MD5 are checked while it is read: it is read completely, or there is an error.
 */
export function versionContent(
  { api, reader }: { readonly api: IxApi; readonly reader: EntryReader },
  entry: Sord,
  file: DocVersion,
): Content {
  const size = Number(file.size ?? 0);
  const md5 = (file.md5 ?? '').toLowerCase();
  return {
    size,
    hash: /^[0-9a-f]{32}$/.test(md5) ? `md5:${md5}` : null,
    async open(signal) {
      const bytes = await api.download(await reader.addressOf(entry, file, signal), signal);
      return checked(bytes, { size, md5: /^[0-9a-f]{32}$/.test(md5) ? md5 : null });
    },
  };
}

async function* checked(
  bytes: AsyncIterable<Uint8Array>,
  expected: { readonly size: number; readonly md5: string | null },
): AsyncGenerator<Uint8Array> {
  const hash = createHash('md5');
  let read = 0;
  for await (const piece of bytes) {
    read += piece.byteLength;
    hash.update(piece);
    yield piece;
  }
  const isSame = expected.md5 === null || hash.digest('hex') === expected.md5;
  if (read !== expected.size || !isSame)
    throw new Trouble('unavailable', 'ELO gave another content than the one that it told of');
}
