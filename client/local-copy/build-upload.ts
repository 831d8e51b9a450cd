import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline, Readable, Transform } from 'node:stream';
import { zipStream, type ZipEntry } from '../../shared/archive/zip-writer';
import type { Channel } from '../../shared/domain/channel';
import type { IdSpan } from '../../shared/domain/log-gaps';
import { fileBytes } from './durable-files';
import { csvFile, type LocalCopy, photoFile, photoIndexFile, workFile, xmlFile } from './local-copy';
import { photoNames } from './photos';
import { smallFileIfAny } from './read-file';
import { readSettings } from './settings-file';
import { type GapSearch, type Owed, searchGaps, statementText } from './statement';
import type { BuiltUpload } from './sync-state';
import { headerLine, type RowAtHand, rewriteTable, scanTable } from './table-file';

/** The data that the server asks for. */
export interface Wanted {
  /** By table: rows above this id are new to the server. */
  readonly highestIds: ReadonlyMap<string, bigint>;
  /** e.g. `Fridges.xml`. */
  readonly parameterFiles: readonly string[];
  /** What earlier syncs left to be sent in `solution.json`. Default: nothing. */
  readonly owed?: Owed;
  /** Where the archive is written. Default: the channel's own. */
  readonly file?: string;
}

/** The path of a channel's archive until its sync is confirmed. */
export const uploadFile = (copy: LocalCopy, channel: Channel) => workFile(copy.dir, channel, 'upload.zip');

/**
 * Writes the archive of the data that the server asks for, as a stream, and returns its contents. An archive without
 * files is valid: the solution then only fetches.
 */
export async function buildUpload(
  copy: LocalCopy,
  channel: Channel,
  wanted: Wanted,
  now: Date,
): Promise<BuiltUpload> {
  const tally = newTally();
  const hash = createHash('sha256');
  let bytes = 0;
  const tap = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      hash.update(chunk);
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // A failure here makes the writing fail too, so it need not be reported twice.
  const zip = pipeline(zipStream(entries(copy, channel, wanted, tally)), tap, () => undefined);
  await copy.files.write(wanted.file ?? uploadFile(copy, channel), zip as AsyncIterable<Buffer>);
  const { sentFiles, highestIds, entities: counted, rows, photos } = tally;
  const contents = { entities: counted, rows, photos };
  const built = { key: randomUUID(), builtAt: now.toISOString(), bytes, sha256: hash.digest('hex') };
  const { receipts = [] } = wanted.owed ?? {};
  return { ...built, resumeAt: null, sync: null, sentFiles, highestIds, receipts, contents };
}

interface Tally {
  readonly sentFiles: Record<string, string>;
  readonly highestIds: Record<string, string>;
  readonly entities: Record<string, number>;
  readonly rows: Record<string, number>;
  /** By table: ids that are missing on the server and here. */
  readonly absent: Record<string, readonly IdSpan[]>;
  photos: number;
}

const newTally = (): Tally => ({
  sentFiles: {},
  highestIds: {},
  entities: {},
  rows: {},
  absent: {},
  photos: 0,
});

async function* entries(
  copy: LocalCopy,
  channel: Channel,
  wanted: Wanted,
  tally: Tally,
): AsyncGenerator<ZipEntry, void, undefined> {
  for (const name of wanted.parameterFiles) yield* settingsEntry(copy, path.parse(name).name, tally);
  for (const [table, highest] of wanted.highestIds) {
    const gaps = searchGaps(wanted.owed?.gaps[table] ?? []);
    // In all other tables no row has an id below zero.
    const receipts = new Set(wanted.owed?.receipts);
    yield* tableEntry(copy, table, { highest, gaps, receipts }, tally);
  }
  if (channel === 'photos') yield* photoEntries(copy, tally);
  const statement = statementText(wanted.owed?.drift ?? [], tally.absent);
  if (statement !== null) yield { name: 'solution.json', content: statement };
}

async function* settingsEntry(copy: LocalCopy, className: string, tally: Tally): AsyncGenerator<ZipEntry> {
  const file = xmlFile(copy.dir, className);
  const whole = smallFileIfAny(file);
  if (whole === undefined) return;
  // A damaged file is sent as it is: the server keeps it in quarantine, where someone sees it.
  const elements = await readSettings(file).catch(() => null);
  const hash = createHash('sha256');
  if (whole !== null) hash.update(whole);
  yield {
    name: `xml/${className}.xml`,
    content:
      whole ??
      (() =>
        createReadStream(file)
          .on('data', (chunk) => hash.update(chunk))
          .pause()),
  };
  tally.sentFiles[`xml/${className}.xml`] = hash.digest('hex');
  tally.entities[className] = elements?.length ?? 0;
}

async function* tableEntry(
  copy: LocalCopy,
  table: string,
  there: RowsThere,
  tally: Tally,
): AsyncGenerator<ZipEntry> {
  const file = csvFile(copy.dir, table);
  let highest = -1n;
  let rows = 0;
  await scanTable(file, 'Id', (row) => {
    const id = idOf(row);
    if (id > highest) highest = id;
    if (isMissing(there, row, id)) rows += 1;
  });
  tally.highestIds[table] = String(highest);
  const absent = there.gaps.absent();
  if (absent.length > 0) tally.absent[table] = absent;
  if (rows === 0) return;
  tally.rows[table] = rows;
  yield {
    name: `csv/${table}.csv`,
    content: () => Readable.from(missingRows(file, there), { objectMode: false }),
  };
}

/** The part of a table that the server has. */
interface RowsThere {
  readonly highest: bigint;
  readonly gaps: GapSearch;
  /** Ids of messages whose receipt the server lacks. */
  readonly receipts: ReadonlySet<string>;
}

const isMissing = ({ highest, gaps, receipts }: RowsThere, { key }: RowAtHand, id: bigint): boolean =>
  id < 0n ? receipts.has(key) : id > highest || gaps.find(id);

/** A row without a usable `Id` is below all others: it is never sent. */
function idOf({ key }: RowAtHand): bigint {
  return /^\d{1,19}$/.test(key) ? BigInt(key) : -1n;
}

async function* missingRows(file: string, there: RowsThere): AsyncGenerator<Buffer> {
  const selected = rewriteTable(file, 'Id', {
    header: (was) => was,
    row: (row) => (isMissing(there, row, idOf(row)) ? Buffer.from(row.raw()) : null),
  });
  for await (const piece of selected) yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
}

async function* photoEntries(copy: LocalCopy, tally: Tally): AsyncGenerator<ZipEntry> {
  const known = await indexedPhotos(copy);
  const { refusedPhotos } = copy.state();
  const names = new Set<string>();
  for (const name of await photoNames(copy)) {
    // A photo is never edited: its name and size show whether the server has it, or has refused it.
    const bytes = await fileBytes(photoFile(copy.dir, name));
    if (known.get(name.toLowerCase()) === String(bytes) || refusedPhotos[name] === bytes) continue;
    names.add(name.toLowerCase());
    yield {
      name: `photos/${name}`,
      compress: false,
      content: () => createReadStream(photoFile(copy.dir, name)),
    };
  }
  tally.photos = names.size;
  if (names.size === 0) return;
  yield {
    name: 'csv/Photos.csv',
    content: () => Readable.from(descriptionsOf(csvFile(copy.dir, 'Photos'), names), { objectMode: false }),
  };
}

/** Name in lower case → size, from the last index of the server. */
async function indexedPhotos(copy: LocalCopy): Promise<ReadonlyMap<string, string>> {
  const found: { name: string; cells: string[] }[] = [];
  const header = await scanTable(photoIndexFile(copy.dir), 'Name', (row) =>
    found.push({ name: row.key.toLowerCase(), cells: row.cells() }),
  );
  const size = header?.columns.findIndex((column) => column.toLowerCase() === 'size') ?? -1;
  return new Map(found.map(({ name, cells }) => [name, cells[size] ?? '']));
}

async function* descriptionsOf(file: string, names: ReadonlySet<string>): AsyncGenerator<Buffer> {
  const selected = rewriteTable(file, 'Name', {
    header: (was) => was,
    row: (row) => (names.has(row.key.toLowerCase()) ? Buffer.from(row.raw()) : null),
  });
  for await (const piece of selected) yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
}
