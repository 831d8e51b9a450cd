/** Remembers which of many numbers were seen, in one bit for each. */
export interface SeenNumbers {
  readonly size: number;
  add(number: number): void;
  has(number: number): boolean;
}

const blockBits = 65_536;

export function createSeenNumbers(): SeenNumbers {
  const blocks = new Map<number, Uint8Array>();
  let size = 0;
  const placeOf = (number: number) => {
    const bit = number % blockBits;
    return { block: Math.floor(number / blockBits), byte: bit >> 3, mask: 1 << (bit & 7) };
  };
  const has = (number: number) => {
    const { block, byte, mask } = placeOf(number);
    return ((blocks.get(block)?.[byte] ?? 0) & mask) !== 0;
  };
  return {
    get size() {
      return size;
    },
    has,
    add(number) {
      if (has(number)) return;
      const { block, byte, mask } = placeOf(number);
      const bits = blocks.get(block) ?? new Uint8Array(blockBits / 8);
      bits[byte] = (bits[byte] ?? 0) | mask;
      blocks.set(block, bits);
      size += 1;
    },
  };
}
