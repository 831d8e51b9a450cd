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
  /** Without its content. Null: it is not filed, or not yet. */
  export(kitchen: Kitchen, month: LogMonth, now: Date): Item | null;
  /** With its content. */
  wholeExport(kitchen: Kitchen, month: LogMonth, now: Date, signal: AbortSignal): Promise<Item | null>;
  /** The month of a photo: when it was taken, or received if that time cannot be right. */
  monthOfPhoto(kitchen: Kitchen, photo: FiledPhoto): string;
}

interface FilesDeps {
  readonly contents: Contents;
  readonly end: KitchenFilesEnd;
  readonly language: Language;
}

export function createFiles({ contents, end, language }: FilesDeps): Files {
  const plain = { isActive: true, fields: {}, origin: null } as const;
  const wanted = end.logs?.map((name) => name.toLowerCase()) ?? null;

  function exported({ id, timezone }: Kitchen, found: LogMonth, now: Date): Item | null {
    const { month, table, arrival } = found;
    const log = findLogTable(table);
    const current = monthOf(now, timezone);
    const isDue = end.exports === 'every-month' ? month <= current : month < current;
    if (end.exports === 'none' || log === undefined || !isDue || month < firstMonth) return null;
    if (wanted !== null && !wanted.includes(table)) return null;
    const label = log.label[language];
    const isOwnLabel = logTables.every((other) => other === log || other.label[language] !== label);
    const name = legalName(isOwnLabel ? label : `${label} (${log.name})`, log.name);
    return {
      ...plain,
      key: keyText({ kind: 'export', solutionId: id, month, table }),
      revision: `${arrival} ${timezone} ${end.csv}`,
      place: { parent: keyText({ kind: 'month', solutionId: id, month }), name: `${name} ${month}.csv` },
      isFolder: false,
    };
  }

  return {
    monthOfPhoto,
    export: exported,
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
    async wholeExport(kitchen, month, now, signal) {
      const item = exported(kitchen, month, now);
      const content = item && (await contents.export(month, kitchen.timezone, signal));
      return item && content && { ...item, content };
    },
  };
}

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
