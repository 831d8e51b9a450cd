import { createHash } from 'node:crypto';
import { findLogTable } from '../../shared/catalog/log-tables';
import type { PhotoCounts } from '../../shared/domain/report';
import { photoKeyOf } from '../../shared/files/layout';
import type { FileStore } from '../../shared/files/file-store';
import { parseCsv } from '../../shared/formats/csv-table';
import { readInstant } from '../../shared/formats/read-instant';
import type { PhotoStore } from '../../shared/stores/photo-store';
import type { PackageFile, PackageFiles } from '../package/package-files';
import type { Reject } from '../package/rejections';
import { readPhoto } from './photo-reader';

interface Deps {
  readonly photos: Pick<PhotoStore, 'put'>;
  readonly files: Pick<FileStore, 'write' | 'stat'>;
}

interface Sender {
  readonly solutionId: number;
  readonly syncId: string;
  readonly timezone: string;
}

/** What `csv/Photos.csv` says of one photo. */
interface Description {
  readonly takenAt: Date | null;
  readonly tableName: string | null;
  readonly logId: string | null;
}

const maxPhotoBytes = 64 * 1024 * 1024;
/** It is read whole; a line of it names one photo. */
const maxListBytes = 8 * 1024 * 1024;

/** Keeps the photos of a package: content once, in the file store; name and particulars in the database. */
export async function keepPhotos(
  deps: Deps,
  sender: Sender,
  { photos, photoList }: Pick<PackageFiles, 'photos' | 'photoList'>,
  reject: Reject,
): Promise<PhotoCounts> {
  const counts: PhotoCounts = { inserted: 0, duplicates: 0, rejected: 0 };
  const descriptions = await describe(photoList, sender, reject);
  for (const file of photos) {
    const outcome = await keepPhoto(deps, sender, file, descriptions);
    if ('problem' in outcome) {
      counts.rejected += 1;
      await reject(rejectedPhoto(file, outcome.problem));
    } else {
      counts[outcome.isNew ? 'inserted' : 'duplicates'] += 1;
    }
  }
  return counts;
}

async function keepPhoto(
  deps: Deps,
  { solutionId, syncId }: Sender,
  file: PackageFile,
  descriptions: ReadonlyMap<string, Description>,
): Promise<{ isNew: boolean } | { problem: string }> {
  if (file.bytes > maxPhotoBytes) return { problem: `it is larger than ${maxPhotoBytes} bytes` };
  const content = await readAll(file);
  const read = await readPhoto(content);
  if ('problem' in read) return read;
  const name = file.name.slice(file.name.indexOf('/') + 1);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const fileKey = photoKeyOf(solutionId, sha256);
  if ((await deps.files.stat(fileKey))?.bytes !== content.length) await deps.files.write(fileKey, content);
  const description = descriptions.get(name.toLowerCase()) ?? { takenAt: null, tableName: null, logId: null };
  const photo = { name, sha256, fileKey, bytes: content.length, ...read, ...description };
  return { isNew: await deps.photos.put(solutionId, syncId, photo) };
}

/** `csv/Photos.csv`: `Name,TakenAt,Table,LogId`. What cannot be read of it is left out: the photo counts, not its label. */
async function describe(
  list: PackageFile | null,
  { timezone }: Sender,
  reject: Reject,
): Promise<ReadonlyMap<string, Description>> {
  if (list === null) return new Map();
  if (list.bytes > maxListBytes) {
    await reject(rejectedList(list));
    return new Map();
  }
  const { header, rows } = parseCsv((await readAll(list)).toString('utf8'));
  const column = (name: string) => header.findIndex((written) => written.trim().toLowerCase() === name);
  const [name, takenAt, table, logId] = [column('name'), column('takenat'), column('table'), column('logid')];
  return new Map(
    rows.map((row) => [
      (row[name] ?? '').trim().toLowerCase(),
      {
        takenAt: readInstant((row[takenAt] ?? '').trim(), timezone),
        tableName: findLogTable((row[table] ?? '').trim())?.name ?? null,
        logId: /^\d{1,18}$/.exec((row[logId] ?? '').trim())?.[0] ?? null,
      },
    ]),
  );
}

const rejectedList = (list: PackageFile) => ({
  ...rejectedPhoto(list, `it is larger than ${maxListBytes} bytes`),
  kind: 'file' as const,
  code: 'too-large',
});

const rejectedPhoto = (file: PackageFile, problem: string) => ({
  kind: 'photo' as const,
  subject: null,
  file: file.name,
  line: null,
  rowId: null,
  code: 'bad-photo',
  reason: problem,
  header: null,
  // The photo itself stays in the upload.
  raw: null,
});

async function readAll(file: PackageFile): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await file.open()) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
