import { formatCsv, formatCsvRows } from '../../../shared/formats/csv-table';
import type { PhotoStore } from '../../../shared/stores/photos/photo-store';
import type { InstructionFile } from '../instructions/package';

/** `csv/Photos-r.csv`: every photo of the solution on the server. Source: ePack V4, The instruction package. */
export function photoIndex(photos: Pick<PhotoStore, 'listAll'>, solutionId: number): InstructionFile {
  return { name: 'csv/Photos-r.csv', op: 'r', content: () => indexContent(photos, solutionId) };
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
