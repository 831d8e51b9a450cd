import { zipStream, type ZipEntry } from '../shared/archive/zip-writer';
import { bytesOf } from '../shared/formats/bytes-of';

export const readingsPerSync = 60;

/**
 * The readings of a kitchen in its sync of this number, from 0 on: 60 of one probe, of the last hours, because a probe
 * with only old readings counts as silent, and that is more work.
 */
export function smallUpload(sync: number): Promise<Buffer> {
  return readingsUpload(sync * readingsPerSync + 1, readingsPerSync);
}

/** That many readings of one probe, from this id on. */
export function readingsUpload(firstId: number, count: number): Promise<Buffer> {
  const lines = Array.from({ length: count }, (_, index) => {
    const id = firstId + index;
    return `${id},P1,${readingTime(id)},${((id % 30) / 10).toFixed(1)}`;
  });
  const content = ['Id,ProbeId,MeasuredAt,Temperature', ...lines, ''].join('\n');
  return zipOf([{ name: 'csv/Tbsondes.csv', content }]);
}

const begunAt = Date.now() - 11 * 3_600_000;
/** They stay within the last eleven hours, however many there are. */
export const readingTime = (id: number) =>
  new Date(begunAt + ((id * 10_000) % (11 * 3_600_000))).toISOString();

export const zipOf = (entries: readonly ZipEntry[]): Promise<Buffer> => bytesOf(zipStream(entries));
