import type { ReadableEntry } from '../../../shared/archive/read-archive';
import { unpackedFiles } from '../../../shared/archive/unpack';
import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Channel } from '../../../shared/domain/channel';
import type { FileStore } from '../../../shared/files/file-store';
import { unpackedPrefixOf } from '../../../shared/files/layout';

/** A file of an unpacked package; its name as the solution wrote it, e.g. `csv/Tbfridge.csv`. */
export type PackageFile = ReadableEntry;

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
  readonly archiveKey: string;
}

/** Sorts the files of a sync's upload. Names compare without case; unknown files are no error. Throws without its archive. */
export async function sortPackageFiles(files: FileStore, sync: UnpackedSync): Promise<PackageFiles> {
  const sorted = {
    parameters: [],
    logs: [],
    photos: [],
    photoList: null,
    statement: null,
    ignored: [],
  } as Sorting;
  const unpacked = await unpackedFiles(files, sync.archiveKey, unpackedPrefixOf(sync.syncId));
  for (const file of sortedByName(unpacked)) sortFile(sorted, file, sync.channel);
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

const sortedByName = (listed: readonly PackageFile[]): PackageFile[] =>
  [...listed].sort((a, b) => (a.name < b.name ? -1 : 1));

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
