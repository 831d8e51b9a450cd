import { findLogTable, type LogTable } from '../../shared/catalog/log-tables';
import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Channel } from '../../shared/domain/channel';
import type { FileStore, StoredFile } from '../../shared/files/file-store';
import { unpackedPrefixOf } from '../../shared/files/layout';
import type { Readable } from 'node:stream';

/** A file of an unpacked package. */
export interface PackageFile {
  /** Name inside the package, e.g. `csv/Tbfridge.csv`, as the solution wrote it. */
  readonly name: string;
  readonly bytes: number;
  open(): Promise<Readable>;
}

/** An unpacked package, sorted by what reads it. */
export interface PackageFiles {
  readonly parameters: readonly { readonly parameterClass: ParameterClass; readonly file: PackageFile }[];
  readonly logs: readonly { readonly table: LogTable; readonly file: PackageFile }[];
  readonly photos: readonly PackageFile[];
  /** `csv/Photos.csv`: what each photo belongs to. */
  readonly photoList: PackageFile | null;
  /** `solution.json`: what the solution says of itself. */
  readonly statement: PackageFile | null;
  /** Names of what nothing here reads. */
  readonly ignored: readonly string[];
}

interface UnpackedSync {
  readonly syncId: string;
  readonly channel: Channel;
  readonly unpackedBytes: number;
}

/**
 * Sorts the unpacked files of a sync. Names compare without case; unknown files are no error. Throws where they are
 * not all there: a folder that is out of reach looks like one that is empty, and nothing of the upload may be lost so.
 */
export async function sortPackageFiles(files: FileStore, sync: UnpackedSync): Promise<PackageFiles> {
  const sorted = {
    parameters: [],
    logs: [],
    photos: [],
    photoList: null,
    statement: null,
    ignored: [],
  } as Sorting;
  const listed = await listByName(files, unpackedPrefixOf(sync.syncId));
  const bytes = listed.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes !== sync.unpackedBytes) {
    throw new Error(`of ${sync.unpackedBytes} unpacked bytes the file store has ${bytes}`);
  }
  for (const file of listed) sortFile(sorted, file, sync.channel);
  return sorted;
}

interface Sorting {
  parameters: { parameterClass: ParameterClass; file: PackageFile }[];
  logs: { table: LogTable; file: PackageFile }[];
  photos: PackageFile[];
  photoList: PackageFile | null;
  statement: PackageFile | null;
  ignored: string[];
}

async function listByName(files: FileStore, prefix: string): Promise<PackageFile[]> {
  const listed: PackageFile[] = [];
  for await (const stored of files.list(prefix)) listed.push(packageFile(files, prefix, stored));
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

const packageFile = (files: FileStore, prefix: string, { key, bytes }: StoredFile): PackageFile => ({
  name: key.slice(prefix.length + 1),
  bytes,
  open: () => files.read(key),
});

function sortFile(sorted: Sorting, file: PackageFile, channel: Channel): void {
  const [, folder = '', base = '', ending = ''] =
    /^([^/]+)\/([^/]+)\.([^./]+)$/.exec(file.name.toLowerCase()) ?? [];
  const parameterClass = findParameterClass(base);
  const table = findLogTable(base);
  if (folder === 'xml' && ending === 'xml' && parameterClass?.channel === channel) {
    sorted.parameters.push({ parameterClass, file });
  } else if (folder === 'csv' && ending === 'csv' && table?.channel === channel) {
    sorted.logs.push({ table, file });
  } else if (channel === 'photos' && folder === 'photos' && /^jpe?g$/.test(ending)) {
    sorted.photos.push(file);
  } else if (channel === 'photos' && folder === 'csv' && base === 'photos' && ending === 'csv') {
    sorted.photoList = file;
  } else if (file.name.toLowerCase() === 'solution.json') {
    sorted.statement = file;
  } else {
    sorted.ignored.push(file.name);
  }
}
