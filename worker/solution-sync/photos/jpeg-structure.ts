/** A JPEG file as it is put together, without a look at the picture in it. Source: ITU-T T.81, annex B. */
export interface JpegStructure {
  /** Null: there is none, or it cannot be read. */
  readonly frame: JpegFrame | null;
  readonly scans: readonly JpegScan[];
}

export interface JpegFrame {
  readonly coding: 'sequential' | 'progressive' | 'other';
  /** Bits of a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly JpegComponent[];
}

export interface JpegComponent {
  readonly id: number;
  /** Sampling factors: blocks of this component in a unit of the picture. */
  readonly across: number;
  readonly down: number;
}

/** One pass over the picture, or over a part of what it consists of. */
export interface JpegScan {
  readonly components: readonly JpegScanComponent[];
  /** The coefficients that it brings, first and last. */
  readonly firstCoefficient: number;
  readonly lastCoefficient: number;
  /** True: it adds a bit to what earlier scans brought. */
  readonly isRefinement: boolean;
  /** Units between restart markers; 0: none. */
  readonly restartInterval: number;
  /** Its coded data lies here. */
  readonly start: number;
  readonly end: number;
}

export interface JpegScanComponent {
  /** Place among the frame's components. */
  readonly component: number;
  /** Null: the file defines none. */
  readonly dcTable: HuffmanTable | null;
  readonly acTable: HuffmanTable | null;
}

/** By the next 16 bits of the data: the length of the code that they begin with, times 256, and its value. 0: no code. */
export type HuffmanTable = Uint16Array;

/** Reads a JPEG up to its end marker, or as far as it can be made out. Never throws. */
export function readJpegStructure(content: Buffer): JpegStructure {
  const state: Reading = { content, frame: null, scans: [], tables: new Map(), restartInterval: 0 };
  let at = 2;
  for (;;) {
    const marker = nextMarker(content, at);
    if (marker === -1 || content[marker + 1] === END_OF_IMAGE) break;
    const segmentEnd = takeSegment(state, marker);
    if (segmentEnd === -1) break;
    at = segmentEnd;
  }
  return { frame: state.frame, scans: state.scans };
}

interface Reading {
  readonly content: Buffer;
  frame: JpegFrame | null;
  readonly scans: JpegScan[];
  /** By class times 16 and number. */
  readonly tables: Map<number, HuffmanTable>;
  restartInterval: number;
}

/** Where the next marker begins; -1: nowhere. */
function nextMarker(content: Buffer, from: number): number {
  for (let at = content.indexOf(0xff, from); at !== -1; at = content.indexOf(0xff, at + 1)) {
    const code = content[at + 1];
    if (code !== undefined && code !== 0 && code !== 0xff) return at;
  }
  return -1;
}

/** Where it ends, with the coded data behind it; -1: it is cut. */
function takeSegment(state: Reading, marker: number): number {
  const { content } = state;
  const code = content[marker + 1] ?? 0;
  if (hasNoContent(code)) return marker + 2;
  if (marker + 4 > content.length) return -1;
  const end = marker + 2 + content.readUInt16BE(marker + 2);
  if (end > content.length || end < marker + 4) return -1;
  const segment = content.subarray(marker + 4, end);
  if (isFrame(code)) state.frame ??= frameOf(code, segment);
  else if (code === HUFFMAN_TABLES) takeTables(state.tables, segment);
  else if (code === RESTART_INTERVAL && segment.length >= 2) state.restartInterval = segment.readUInt16BE(0);
  else if (code === START_OF_SCAN) return takeScan(state, segment, end);
  return end;
}

const hasNoContent = (code: number): boolean => code === 0x01 || (code >= 0xd0 && code <= 0xd8);

const isFrame = (code: number): boolean =>
  code >= 0xc0 && code <= 0xcf && code !== HUFFMAN_TABLES && code !== 0xc8 && code !== 0xcc;

function frameOf(code: number, segment: Buffer): JpegFrame | null {
  const count = segment[5] ?? 0;
  if (segment.length < 6 + 3 * count) return null;
  const components = Array.from({ length: count }, (_, index) => {
    const at = 6 + 3 * index;
    const sampling = segment.readUInt8(at + 1);
    return { id: segment.readUInt8(at), across: sampling >> 4, down: sampling & 15 };
  });
  const isValid = components.every(({ across, down }) => across > 0 && across <= 4 && down > 0 && down <= 4);
  if (!isValid) return null;
  return {
    coding: code === 0xc0 || code === 0xc1 ? 'sequential' : code === 0xc2 ? 'progressive' : 'other',
    precision: segment.readUInt8(0),
    height: segment.readUInt16BE(1),
    width: segment.readUInt16BE(3),
    components,
  };
}

function takeTables(tables: Map<number, HuffmanTable>, segment: Buffer): void {
  for (let at = 0; at + 17 <= segment.length;) {
    const lengths = segment.subarray(at + 1, at + 17);
    const count = lengths.reduce((sum, length) => sum + length, 0);
    tables.set(segment.readUInt8(at), huffmanTable(lengths, segment.subarray(at + 17, at + 17 + count)));
    at += 17 + count;
  }
}

/** Source: ITU-T T.81, annex C. */
function huffmanTable(codesOfLength: Buffer, values: Buffer): HuffmanTable {
  const table = new Uint16Array(0x10000);
  let code = 0;
  let next = 0;
  for (let length = 1; length <= 16; length += 1) {
    for (let of = codesOfLength[length - 1] ?? 0; of > 0; of -= 1) {
      const first = code << (16 - length);
      table.fill((length << 8) | (values[next] ?? 0), first, first + (1 << (16 - length)));
      code += 1;
      next += 1;
    }
    code <<= 1;
  }
  return table;
}

function takeScan(state: Reading, segment: Buffer, start: number): number {
  const { content, scans, tables, restartInterval, frame } = state;
  const count = segment[0] ?? 0;
  if (segment.length < 4 + 2 * count) return -1;
  const components = Array.from({ length: count }, (_, index) => {
    const id = segment.readUInt8(1 + 2 * index);
    const numbers = segment.readUInt8(2 + 2 * index);
    return {
      component: frame?.components.findIndex((one) => one.id === id) ?? -1,
      dcTable: tables.get(numbers >> 4) ?? null,
      acTable: tables.get(0x10 | (numbers & 15)) ?? null,
    };
  });
  const end = endOfData(content, start);
  scans.push({
    components,
    firstCoefficient: segment.readUInt8(1 + 2 * count),
    lastCoefficient: segment.readUInt8(2 + 2 * count),
    isRefinement: segment.readUInt8(3 + 2 * count) >> 4 !== 0,
    ...{ restartInterval, start, end },
  });
  return end;
}

/** Restart markers are within the data. */
function endOfData(content: Buffer, start: number): number {
  for (let at = nextMarker(content, start); at !== -1; at = nextMarker(content, at + 2)) {
    const code = content[at + 1] ?? 0;
    if (code < 0xd0 || code > 0xd7) return at;
  }
  return content.length;
}

const END_OF_IMAGE = 0xd9;
const HUFFMAN_TABLES = 0xc4;
const START_OF_SCAN = 0xda;
const RESTART_INTERVAL = 0xdd;
