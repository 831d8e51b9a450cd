import { setImmediate as othersHaveTheirTurn } from 'node:timers/promises';
import { BitReader, JpegDamage } from './jpeg-bits';
import type { HuffmanTable, JpegFrame, JpegScan, JpegStructure } from './jpeg-structure';

/**
 * Whether a JPEG's coded data is whole: each code is one of its table, no block has more coefficients than there are,
 * and nothing ends before the picture does. Decoders continue through damage and paint it grey, and what they warn of
 * cannot be heard here; so the codes are read once more, and nothing is made of them. Bytes that are left over before a
 * marker do no harm.
 *
 * `unknown`: it is coded in another way than cameras do, and was not looked at. Source: ITU-T T.81, annexes F and G.
 */
export async function judgeJpegData(
  content: Buffer,
  { frame, scans }: JpegStructure,
): Promise<'whole' | 'cut short' | 'damaged' | 'unknown'> {
  if (frame === null || frame.coding === 'other' || frame.precision !== 8) return 'unknown';
  const known = frame.components.map((_, component) =>
    frame.coding === 'progressive' ? knownCoefficients(gridOf(frame, component)) : none,
  );
  try {
    for (const scan of scans) {
      const parts = partsOf(frame, scan, known);
      if (parts === null) return 'unknown';
      await readScan(new BitReader(content, scan.start, scan.end), frame, scan, parts);
    }
  } catch (error) {
    if (error instanceof JpegDamage) return error.what;
    throw error;
  }
  return 'whole';
}

/**
 * Which coefficients of a component's blocks are not zero by now, 32 to a number: how long a code of a later scan is
 * depends on it.
 */
type KnownCoefficients = Uint32Array;

interface Grid {
  /** Blocks that belong to the picture. */
  readonly across: number;
  readonly down: number;
}

/** The part of one component in a scan. */
interface ScanPart extends Grid {
  readonly blocksInUnit: number;
  readonly dcTable: HuffmanTable;
  readonly acTable: HuffmanTable;
  readonly known: KnownCoefficients;
}

function gridOf({ width, height, components }: JpegFrame, component: number): Grid {
  const most = {
    across: largest(components.map(({ across }) => across)),
    down: largest(components.map(({ down }) => down)),
  };
  const { across = 1, down = 1 } = components[component] ?? {};
  return {
    across: Math.ceil(Math.ceil((width * across) / most.across) / 8),
    down: Math.ceil(Math.ceil((height * down) / most.down) / 8),
  };
}

/** No later scan of a picture that comes in one pass depends on it. */
const none: KnownCoefficients = new Uint32Array(0);

const largest = (numbers: readonly number[]): number => Math.max(1, ...numbers);

const knownCoefficients = ({ across, down }: Grid): KnownCoefficients => new Uint32Array(2 * across * down);

/** Null: a table, or a component, that the file does not define. */
function partsOf(
  frame: JpegFrame,
  scan: JpegScan,
  known: readonly KnownCoefficients[],
): readonly ScanPart[] | null {
  const needsDc = scan.firstCoefficient === 0 && !scan.isRefinement;
  const needsAc = scan.lastCoefficient > 0;
  const parts: ScanPart[] = [];
  for (const { component, dcTable, acTable } of scan.components) {
    const declared = frame.components[component];
    const ofComponent = known[component];
    if (declared === undefined || ofComponent === undefined) return null;
    if ((needsDc && dcTable === null) || (needsAc && acTable === null)) return null;
    parts.push({
      ...gridOf(frame, component),
      blocksInUnit: declared.across * declared.down,
      dcTable: dcTable ?? noCodes,
      acTable: acTable ?? noCodes,
      known: ofComponent,
    });
  }
  return parts.length === 0 ? null : parts;
}

const noCodes: HuffmanTable = new Uint16Array(0x10000);

type ReadBlock = (part: ScanPart, block: number) => void;

async function readScan(
  bits: BitReader,
  frame: JpegFrame,
  scan: JpegScan,
  parts: readonly ScanPart[],
): Promise<void> {
  const run: EndOfBlockRun = { blocks: 0 };
  const readBlock = blockReader(bits, frame, scan, run);
  const [first] = parts;
  const isAlone = parts.length === 1 && first !== undefined;
  const units = isAlone ? first.across * first.down : unitsOf(frame);
  for (let unit = 0; unit < units; unit += 1) {
    if (scan.restartInterval > 0 && unit > 0 && unit % scan.restartInterval === 0) {
      bits.takeRestart();
      run.blocks = 0;
    }
    if (isAlone) readBlock(first, unit);
    else for (const part of parts) for (let of = part.blocksInUnit; of > 0; of -= 1) readBlock(part, 0);
    if (unit % unitsInARow === unitsInARow - 1) await othersHaveTheirTurn();
  }
  if (bits.bytesLeft() > mostBytesLeft) throw new JpegDamage('damaged');
}

/** Some cameras leave a few bytes over. More are a part of the picture that has lost its place in it. */
const mostBytesLeft = 256;

/** Some milliseconds: leases are prolonged meanwhile. */
const unitsInARow = 20_000;

function unitsOf({ width, height, components }: JpegFrame): number {
  const across = 8 * largest(components.map((one) => one.across));
  const down = 8 * largest(components.map((one) => one.down));
  return Math.ceil(width / across) * Math.ceil(height / down);
}

/** So many blocks have no further coefficient. */
interface EndOfBlockRun {
  blocks: number;
}

function blockReader(bits: BitReader, frame: JpegFrame, scan: JpegScan, run: EndOfBlockRun): ReadBlock {
  if (frame.coding === 'sequential') return (part) => readSequentialBlock(bits, part);
  if (scan.firstCoefficient > 0)
    return scan.isRefinement
      ? (part, block) => refineCoefficients(bits, scan, run, { part, block })
      : (part, block) => readCoefficients(bits, scan, run, { part, block });
  return scan.isRefinement ? () => bits.skip(1) : (part) => bits.skipNumber(dcLength(bits, part));
}

/** A step between two 8-bit values takes no more. */
const longestDc = 11;

function dcLength(bits: BitReader, { dcTable }: ScanPart): number {
  const length = bits.code(dcTable);
  if (length > longestDc) throw new JpegDamage('damaged');
  return length;
}

function readSequentialBlock(bits: BitReader, part: ScanPart): void {
  bits.skipNumber(dcLength(bits, part));
  for (let at = 1; at < 64;) {
    const code = bits.code(part.acTable);
    const length = code & 15;
    if (length === 0 && code !== ZERO_RUN) return;
    at += (code >> 4) + 1;
    if (at > 64) throw new JpegDamage('damaged');
    bits.skipNumber(length);
  }
}

interface Place {
  readonly part: ScanPart;
  readonly block: number;
}

function readCoefficients(bits: BitReader, scan: JpegScan, run: EndOfBlockRun, place: Place): void {
  if (run.blocks > 0) {
    run.blocks -= 1;
    return;
  }
  for (let at = scan.firstCoefficient; at <= scan.lastCoefficient;) {
    const code = bits.code(place.part.acTable);
    const length = code & 15;
    if (length === 0 && code !== ZERO_RUN) {
      run.blocks = runOf(bits, code) - 1;
      return;
    }
    at += code >> 4;
    if (at > scan.lastCoefficient && length > 0) throw new JpegDamage('damaged');
    bits.skipNumber(length);
    if (length > 0) setKnown(place, at);
    at += 1;
  }
}

/** Source: ITU-T T.81, G.1.2.3. */
function refineCoefficients(bits: BitReader, scan: JpegScan, run: EndOfBlockRun, place: Place): void {
  let at = scan.firstCoefficient;
  while (run.blocks === 0 && at <= scan.lastCoefficient) {
    const code = bits.code(place.part.acTable);
    const length = code & 15;
    if (length > 1) throw new JpegDamage('damaged');
    if (length === 0 && code !== ZERO_RUN) {
      run.blocks = runOf(bits, code);
      break;
    }
    bits.skip(length);
    at = refineUntil(bits, scan, place, { at, zeros: code >> 4 });
    if (length === 0) at += 1;
    else if (at > scan.lastCoefficient) throw new JpegDamage('damaged');
    else setKnown(place, at++);
  }
  if (run.blocks === 0) return;
  refineUntil(bits, scan, place, { at, zeros: 64 });
  run.blocks -= 1;
}

/** Gives where the zero after so many others is: each that is known already, on the way to it, gets its next bit. */
function refineUntil(
  bits: BitReader,
  { lastCoefficient }: JpegScan,
  place: Place,
  { at, zeros }: { readonly at: number; readonly zeros: number },
): number {
  let left = zeros;
  for (let here = at; here <= lastCoefficient; here += 1) {
    if (isKnown(place, here)) bits.skip(1);
    else if (left === 0) return here;
    else left -= 1;
  }
  return lastCoefficient + 1;
}

function runOf(bits: BitReader, code: number): number {
  const length = code >> 4;
  return (1 << length) + bits.take(length);
}

function setKnown({ part, block }: Place, coefficient: number): void {
  const at = 2 * block + (coefficient >> 5);
  part.known[at] = (part.known[at] ?? 0) | (1 << (coefficient & 31));
}

const isKnown = ({ part, block }: Place, coefficient: number): boolean =>
  ((part.known[2 * block + (coefficient >> 5)] ?? 0) & (1 << (coefficient & 31))) !== 0;

/** Sixteen zeros. */
const ZERO_RUN = 0xf0;
