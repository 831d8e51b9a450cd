import type { FileStore } from '../../shared/files/file-store';
import { photoPrefixOf } from '../../shared/files/layout';
import { formatCsv, formatCsvRows } from '../../shared/formats/csv-table';
import type { PhotoStore } from '../../shared/stores/photo-store';
import type { InstructionFile } from '../instructions/package';

/** `csv/Photos-r.csv`: every photo of the solution on the server. Source: ePack V4, The instruction package. */
export function photoIndex(photos: Pick<PhotoStore, 'listAll'>, solutionId: number): InstructionFile {
  return { name: 'csv/Photos-r.csv', op: 'r', content: () => indexContent(photos, solutionId) };
}

/**
 * The flag `rebuild-photo-index`: what the file store no longer has leaves the index, so that the solution, which is told
 * the index, sends it again. Answers how many entries went.
 */
export async function rebuildPhotoIndex(
  photos: Pick<PhotoStore, 'removeAllBut'>,
  files: Pick<FileStore, 'list'>,
  solutionId: number,
): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of files.list(photoPrefixOf(solutionId))) keys.push(key);
  return photos.removeAllBut(solutionId, keys);
}

async function* indexContent(
  photos: Pick<PhotoStore, 'listAll'>,
  solutionId: number,
): AsyncGenerator<string, number> {
  yield formatCsv(['Name', 'Sha256', 'Size', 'Width', 'Height', 'TakenAt'], []);
  let count = 0;
  for await (const { name, sha256, bytes, width, height, takenAt } of photos.listAll(solutionId)) {
    const taken = takenAt?.toISOString() ?? '';
    yield formatCsvRows([[name, sha256, String(bytes), String(width), String(height), taken]]);
    count += 1;
  }
  return count;
}
