/** "QuickXorHash": 160 bits; each byte is rotated by another 11 bits, and the length is mixed into the end. In base64. */
export function quickXorHash(bytes: Buffer): string {
  const known = hashes.get(bytes) ?? compute(bytes);
  hashes.set(bytes, known);
  return known;
}

/** A content is asked for more than once. */
const hashes = new WeakMap<Buffer, string>();

function compute(bytes: Buffer): string {
  const cells = Buffer.alloc(20);
  for (let place = 0; place < bytes.length; place++) {
    const byte = bytes[place] ?? 0;
    const bit = (place * 11) % 160;
    const cell = bit >> 3;
    const shifted = byte << (bit & 7);
    cells[cell] = (cells[cell] ?? 0) ^ (shifted & 0xff);
    const next = (cell + 1) % 20;
    cells[next] = (cells[next] ?? 0) ^ (shifted >> 8);
  }
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  for (const [place, byte] of length.entries()) cells[12 + place] = (cells[12 + place] ?? 0) ^ byte;
  return cells.toString('base64');
}
