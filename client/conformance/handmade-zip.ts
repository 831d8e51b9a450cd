import { crc32, deflateRawSync } from 'node:zlib';

/** The fields of an entry that are in both of its headers. */
export interface HeaderFields {
  readonly rawName: Buffer;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly extra: Buffer;
}

export interface HandmadeEntry extends Partial<HeaderFields> {
  readonly name?: string;
  readonly content?: string | Buffer;
  /** The stored bytes, if they are not the deflated content (or, with method 0, the content itself). */
  readonly data?: Buffer;
  /** Unix file type and permissions. */
  readonly mode?: number;
  /** The fields that only one of the two headers has. */
  readonly local?: Partial<HeaderFields>;
  readonly central?: Partial<HeaderFields>;
  /** Another place than its own. */
  readonly headerStart?: number;
  /** No header and no data of its own, only an entry in the directory. */
  readonly directoryOnly?: boolean;
}

export interface HandmadeEnd {
  readonly count?: number;
  readonly comment?: string;
  readonly zip64?: boolean;
}

/** A zip archive byte by byte, for those that no program writes. Everything not said is as it should be. */
export function handmadeZip(entries: readonly HandmadeEntry[], end: HandmadeEnd = {}): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const entry of entries) {
    const { header, data } = completed(entry);
    const local = Buffer.concat([localHeader({ ...header, ...entry.local }), data]);
    centrals.push(
      centralHeader({ ...header, ...entry.central }, entry.mode ?? 0o100644, entry.headerStart ?? at),
    );
    if (entry.directoryOnly === true) continue;
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  return Buffer.concat([...locals, directory, endRecords(end, entries.length, at, directory.length)]);
}

export const UTF8_FLAG = 0x800;

function completed(entry: HandmadeEntry): { header: HeaderFields; data: Buffer } {
  const content = Buffer.from(entry.content ?? 'hello');
  const method = entry.method ?? 8;
  const data = entry.data ?? (method === 8 ? deflateRawSync(content) : content);
  const header = {
    rawName: Buffer.from(entry.name ?? 'a.txt'),
    flags: UTF8_FLAG,
    method,
    crc: crc32(content),
    packedBytes: data.length,
    unpackedBytes: content.length,
    extra: Buffer.alloc(0),
  };
  const { rawName, flags, crc, packedBytes, unpackedBytes, extra } = { ...header, ...entry };
  return { header: { rawName, flags, method, crc, packedBytes, unpackedBytes, extra }, data };
}

function localHeader(header: HeaderFields): Buffer {
  const fixed = Buffer.alloc(30);
  fixed.write('PK\x03\x04', 'latin1');
  writeShared(fixed, 4, header);
  return Buffer.concat([fixed, header.rawName, header.extra]);
}

function centralHeader(header: HeaderFields, mode: number, headerStart: number): Buffer {
  const fixed = Buffer.alloc(46);
  fixed.write('PK\x01\x02', 'latin1');
  fixed.writeUInt16LE((3 << 8) | 63, 4);
  writeShared(fixed, 6, header);
  fixed.writeUInt32LE((mode << 16) >>> 0, 38);
  fixed.writeUInt32LE(headerStart, 42);
  return Buffer.concat([fixed, header.rawName, header.extra]);
}

/** Both headers have these 26 bytes in this order. */
function writeShared(into: Buffer, at: number, header: HeaderFields): void {
  into.writeUInt16LE(20, at);
  into.writeUInt16LE(header.flags, at + 2);
  into.writeUInt16LE(header.method, at + 4);
  into.writeUInt32LE(0x00210000, at + 6);
  into.writeUInt32LE(header.crc, at + 10);
  into.writeUInt32LE(header.packedBytes, at + 14);
  into.writeUInt32LE(header.unpackedBytes, at + 18);
  into.writeUInt16LE(header.rawName.length, at + 22);
  into.writeUInt16LE(header.extra.length, at + 24);
}

function endRecords(
  end: HandmadeEnd,
  entries: number,
  directoryStart: number,
  directoryBytes: number,
): Buffer {
  const count = end.count ?? entries;
  const comment = Buffer.from(end.comment ?? '');
  const record = Buffer.alloc(22);
  record.write('PK\x05\x06', 'latin1');
  record.writeUInt16LE(end.zip64 === true ? 0xffff : count, 8);
  record.writeUInt16LE(end.zip64 === true ? 0xffff : count, 10);
  record.writeUInt32LE(end.zip64 === true ? 0xffffffff : directoryBytes, 12);
  record.writeUInt32LE(end.zip64 === true ? 0xffffffff : directoryStart, 16);
  record.writeUInt16LE(comment.length, 20);
  const zip64 = end.zip64 === true ? zip64EndRecords(count, directoryStart, directoryBytes) : Buffer.alloc(0);
  return Buffer.concat([zip64, record, comment]);
}

function zip64EndRecords(count: number, directoryStart: number, directoryBytes: number): Buffer {
  const record = Buffer.alloc(56);
  record.write('PK\x06\x06', 'latin1');
  record.writeBigUInt64LE(44n, 4);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryStart), 48);
  const locator = Buffer.alloc(20);
  locator.write('PK\x06\x07', 'latin1');
  locator.writeBigUInt64LE(BigInt(directoryStart + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator]);
}
