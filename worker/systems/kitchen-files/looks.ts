import type { FiledPhoto } from '../../../shared/stores/photos/kitchen-photo-store';
import type { LogMonth } from '../../../shared/stores/logs/log-month-store';
import type { Item, Match } from '../../pipeline/system';
import { type Archive, tablesOf } from './archive';
import { type FileKey, keyText, readKey } from './file-keys';
import type { Kitchen } from './kitchens';

/** Looks at single files and folders. */
export interface Looks {
  fetch(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  find(match: Match, signal: AbortSignal): Promise<readonly Item[]>;
}

export function createLooks(archive: Archive): Looks {
  const { photos, months, files, end } = archive;
  const kitchensById = async () => new Map((await archive.kitchens.all()).map((one) => [one.id, one]));

  async function look(kitchen: Kitchen, key: FileKey, now: Date, signal: AbortSignal): Promise<Item | null> {
    switch (key.kind) {
      case 'kitchen':
        return files.kitchen(kitchen);
      case 'month':
        return (await monthsIn(archive, kitchen, now)).has(key.month)
          ? files.month(kitchen, key.month)
          : null;
      case 'photo': {
        const photo = end.photos ? await photos.photo(kitchen.id, key.id) : null;
        return photo && files.photo(kitchen, photo);
      }
      case 'export': {
        const month = await months.find(key);
        return month && files.wholeExport({ kitchen, month, key: keyText(key), now }, signal);
      }
    }
  }

  return {
    async fetch(keys, signal) {
      const [kitchens, now] = [await kitchensById(), await photos.now()];
      const found = new Map<string, Item>();
      for (const text of keys) {
        const key = readKey(text);
        const kitchen = key && kitchens.get(key.solutionId);
        const item = key && kitchen && (await look(kitchen, key, now, signal));
        if (item) found.set(text, item);
      }
      return found;
    },
    async find(match, signal) {
      if (match.by !== 'place' && match.by !== 'parent') return [];
      const [kitchens, now] = [await kitchensById(), await photos.now()];
      const found = await within(archive, kitchens, match.parent, now);
      const named = match.by === 'parent' ? found : found.filter(({ place }) => place?.name === match.name);
      if (match.by === 'parent') return named;
      // Their contents are compared.
      const whole = await this.fetch(
        named.map(({ key }) => key),
        signal,
      );
      return [...whole.values()];
    },
  };
}

async function within(
  archive: Archive,
  kitchens: ReadonlyMap<number, Kitchen>,
  parent: string | null,
  now: Date,
): Promise<Item[]> {
  const { files } = archive;
  if (parent === null) return [...kitchens.values()].map((kitchen) => files.kitchen(kitchen));
  const folder = readKey(parent);
  const kitchen = folder && kitchens.get(folder.solutionId);
  if (!folder || !kitchen) return [];
  if (folder.kind === 'kitchen')
    return [...(await monthsIn(archive, kitchen, now))].map((month) => files.month(kitchen, month));
  if (folder.kind !== 'month') return [];
  const found: Item[] = [];
  for await (const photo of photosOf(archive, kitchen))
    if (files.monthOfPhoto(kitchen, photo) === folder.month) found.push(files.photo(kitchen, photo));
  for await (const month of exportsOf(archive, kitchen, folder.month))
    found.push(...files.exports(kitchen, month, now));
  return found;
}

async function monthsIn(archive: Archive, kitchen: Kitchen, now: Date): Promise<ReadonlySet<string>> {
  const months = new Set<string>();
  for await (const photo of photosOf(archive, kitchen))
    months.add(archive.files.monthOfPhoto(kitchen, photo));
  for await (const month of exportsOf(archive, kitchen, null))
    if (archive.files.exports(kitchen, month, now).length > 0) months.add(month.month);
  return months;
}

const pageSize = 500;

async function* photosOf({ photos, end }: Archive, { id }: Kitchen): AsyncGenerator<FiledPhoto> {
  if (!end.photos) return;
  for (let after: FiledPhoto | null = null; ;) {
    const page: FiledPhoto[] = await photos.photos({
      solutionIds: [id],
      newerThan: '0',
      after,
      limit: pageSize,
    });
    yield* page;
    after = page.at(-1) ?? null;
    if (page.length < pageSize) return;
  }
}

async function* exportsOf(
  { months, end }: Archive,
  { id }: Kitchen,
  month: string | null,
): AsyncGenerator<LogMonth> {
  const query = { solutionIds: [id], tables: tablesOf(end), month, changedSince: null, limit: pageSize };
  for (let after: LogMonth | null = null; ;) {
    const page: LogMonth[] = await months.list({ ...query, after });
    yield* page;
    after = page.at(-1) ?? null;
    if (page.length < pageSize) return;
  }
}
