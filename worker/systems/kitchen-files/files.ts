import { findLogTable, logTables } from '../../../shared/catalog/log-tables';
import type { Language } from '../../../shared/domain/language';
import type { LogMonth } from '../../../shared/stores/logs/log-month-store';
import type { FiledPhoto } from '../../../shared/stores/photos/kitchen-photo-store';
import type { KitchenFilesEnd } from '../../../shared/systems/kitchen-files';
import type { Item } from '../../pipeline/system';
import type { Contents } from './contents';
import { keyText } from './file-keys';
import { legalName, withSuffix } from './file-names';
import type { Kitchen } from './kitchens';
import { monthOf } from './months';

/** Photos and exports in the form of items. */
export interface Files {
  kitchen(kitchen: Kitchen): Item;
  month(kitchen: Kitchen, month: string): Item;
  photo(kitchen: Kitchen, photo: FiledPhoto): Item;
  /**
   * Without their contents: the export of the month, and an addition if readings came after retention had cut the month.
   * Empty: it is not filed, or not yet.
   */
  exports(kitchen: Kitchen, month: LogMonth, now: Date): readonly Item[];
  /** One of them with its content. Null: there is no such one. */
  wholeExport(wish: WholeExport, signal: AbortSignal): Promise<Item | null>;
  /** The month of a photo: when it was taken, or received if that time cannot be right. */
  monthOfPhoto(kitchen: Kitchen, photo: FiledPhoto): string;
}

export interface WholeExport {
  readonly kitchen: Kitchen;
  readonly month: LogMonth;
  readonly key: string;
  readonly now: Date;
}

interface FilesDeps {
  readonly contents: Contents;
  readonly end: KitchenFilesEnd;
  readonly language: Language;
}

export function createFiles({ contents, end, language }: FilesDeps): Files {
  const plain = { isActive: true, fields: {}, origin: null } as const;
  const wanted = end.logs?.map((name) => name.toLowerCase()) ?? null;

  function exported(kitchen: Kitchen, found: LogMonth, now: Date): readonly Item[] {
    const { id, timezone } = kitchen;
    const { month, table, arrival, cutArrival } = found;
    const log = findLogTable(table);
    const current = monthOf(now, timezone);
    const isDue = end.exports === 'every-month' ? month <= current : month < current;
    if (end.exports === 'none' || log === undefined || !isDue || month < firstMonth) return [];
    if (wanted !== null && !wanted.includes(table)) return [];
    const label = log.label[language];
    const isOwnLabel = logTables.every((other) => other === log || other.label[language] !== label);
    const name = legalName(isOwnLabel ? label : `${label} (${log.name})`, log.name);
    const fileOf = (addition: string | null, upTo: string, fileName: string): Item => ({
      ...plain,
      key: keyText({ kind: 'export', solutionId: id, month, table, addition }),
      revision: `${upTo} ${timezone} ${end.csv}`,
      place: { parent: keyText({ kind: 'month', solutionId: id, month }), name: `${fileName}.csv` },
      isFolder: false,
    });
    const main = fileOf(null, cutArrival ?? arrival, `${name} ${month}`);
    if (cutArrival === null || cutArrival === arrival) return [main];
    // The filed export has readings that are removed here by now, so it stays as it is.
    const addition = `${name} ${month} (${additions[language]} ${found.notedOn})`;
    return [main, fileOf(arrival, arrival, addition)];
  }

  return {
    monthOfPhoto,
    exports: exported,
    kitchen: ({ id, folder }) => ({
      ...plain,
      key: keyText({ kind: 'kitchen', solutionId: id }),
      revision: folder,
      place: { parent: null, name: folder },
      isFolder: true,
      content: null,
    }),
    month: ({ id }, month) => ({
      ...plain,
      key: keyText({ kind: 'month', solutionId: id, month }),
      revision: month,
      place: { parent: keyText({ kind: 'kitchen', solutionId: id }), name: month },
      isFolder: true,
      content: null,
    }),
    photo(kitchen, photo) {
      const place = {
        parent: keyText({ kind: 'month', solutionId: kitchen.id, month: monthOfPhoto(kitchen, photo) }),
        name: photoName(photo),
      };
      return {
        ...plain,
        key: keyText({ kind: 'photo', solutionId: kitchen.id, id: photo.id }),
        revision: `${photo.sha256} ${place.parent}/${place.name}`,
        place,
        isFolder: false,
        content: contents.photo(photo),
      };
    },
    async wholeExport({ kitchen, month, key, now }, signal) {
      const item = exported(kitchen, month, now).find((one) => one.key === key);
      if (item === undefined) return null;
      const content = await contents.export(month, kitchen.timezone, signal);
      return content && { ...item, content };
    },
  };
}

/** What a file is called that is filed beside the export of its month. */
const additions: Readonly<Record<Language, string>> = { fr: 'complément', en: 'addition' };

/** Readings with an earlier time have a wrong clock. */
const firstMonth = '2010-01';

const dayMs = 86_400_000;

function monthOfPhoto({ timezone }: Kitchen, { takenAt, receivedAt }: FiledPhoto): string {
  const age = takenAt === null ? 0 : receivedAt.getTime() - takenAt.getTime();
  // The clock of a camera may be years wrong.
  const isRight = takenAt !== null && age > -dayMs && age < 366 * dayMs;
  return monthOf(isRight ? takenAt : receivedAt, timezone);
}

/** Its own name. A name that was used before, or that had to be changed, gets a part of the hash as well. */
function photoName({ name, sha256, isNamesake }: FiledPhoto): string {
  const legal = legalName(name, 'photo.jpg');
  return isNamesake || legal !== name ? withSuffix(legal, sha256.slice(0, 8)) : legal;
}
