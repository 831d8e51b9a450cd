import type { ReadableEntry } from '../../../shared/archive/read-archive';
import { unpackedFiles } from '../../../shared/archive/unpack';
import type { LogTable } from '../../../shared/catalog/log-tables';
import { packageFileKindOf } from '../../../shared/catalog/package-files';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
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
  /** Names of files that are not read. */
  readonly ignored: readonly string[];
  /** True: the package contains files, and none of them is read. */
  readonly isAllIgnored: boolean;
  /** True: a part of it is stored unpacked next to the archive. */
  readonly isUnpacked: boolean;
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
  return {
    ...sorted,
    isAllIgnored: unpacked.length > 0 && sorted.ignored.length === unpacked.length,
    isUnpacked: unpacked.some(({ isUnpacked }) => isUnpacked),
  };
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
  const read = packageFileKindOf(file.name, channel);
  switch (read.kind) {
    case 'parameters':
      sorted.parameters.push({ parameterClass: read.parameterClass, file });
      return;
    case 'log':
      sorted.logs.push({ table: read.table, file });
      return;
    case 'photo':
      sorted.photos.push(file);
      return;
    case 'photo-list':
      sorted.photoList = file;
      return;
    case 'statement':
      sorted.statement = file;
      return;
    case 'ignored':
      sorted.ignored.push(file.name);
      return;
  }
}
