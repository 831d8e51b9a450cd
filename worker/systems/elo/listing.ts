import { z } from 'zod';
import { type Cursor, type Item, type Page, tombstone } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { createBoundedMap } from '../bounded-map';
import type { Archive } from './archive';
import { ixCodes, unless } from './faults';
import type { Elo } from './opened';
import { changedSince } from './searches';
import type { Sord } from './sord';

export interface Listing {
  list(since: Cursor | null, signal: AbortSignal): AsyncGenerator<Page>;
  /** Call it for a folder that we created: ELO itself reports everything that is put into it. */
  made(folder: Item): void;
}

/** The most folders whose place is remembered. A forgotten folder is listed once more than needed. */
const mostFolders = 50_000;

/** `at`: the server's time when the listing began, `yyyy.MM.dd.HH.mm.ss` in UTC. */
const position = z.strictObject({ at: z.string().regex(/^\d{4}(\.\d\d){5}$/) });

export function createListing({ api, opening }: Elo, archive: Archive): Listing {
  /** The folder in which a folder was seen last. */
  const seen = createBoundedMap<string, string>(mostFolders);
  const saw = ({ key, place }: Item): void => seen.set(key, place?.parent ?? '');

  /** Everything below a folder; each folder comes before its contents. */
  async function* below(folder: Sord | Item, signal: AbortSignal): AsyncGenerator<readonly Item[]> {
    const waiting: (Sord | Item)[] = [folder];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const entry = 'guid' in next ? next : await archive.folder(next.key, signal);
      // The folder was removed before we listed it.
      if (entry === null) continue;
      for await (const items of archive.within(entry, signal)) {
        const folders = items.filter((item) => item.isFolder);
        folders.forEach(saw);
        waiting.push(...folders);
        yield items;
      }
    }
  }

  async function* whole(signal: AbortSignal): AsyncGenerator<Page> {
    const root = await archive.root(signal);
    const at = await serverTime(api, signal);
    for await (const items of below(root, signal)) yield { items, cursor: null, isWhole: false };
    // The folder itself may have been removed in the meantime; then nothing was in it any more.
    await archive.root(signal);
    yield { items: [], cursor: cursorOf(at), isWhole: true };
  }

  async function* changes(since: Date, signal: AbortSignal): AsyncGenerator<Page> {
    await archive.root(signal);
    const at = await serverTime(api, signal);
    // If a clock that was ahead is corrected, all changes until that time would be left out.
    const from = Math.min(since.getTime(), at.getTime()) - opening.overlapMinutes * 60_000;
    for await (const entries of changedSince(api, timeText(new Date(from)), signal)) {
      const items = await Promise.all(entries.map((entry) => archive.itemOf(entry, signal)));
      items.forEach((item, place) => item === null && seen.delete(entries[place]?.guid ?? ''));
      // An entry that is elsewhere may have been moved there. The engine ignores entries that it does not know.
      yield {
        items: items.map((item, place) => item ?? tombstone(entries[place]?.guid ?? '')),
        cursor: null,
        isWhole: false,
      };
      for (const item of items) {
        if (item === null || !item.isFolder || seen.get(item.key) === (item.place?.parent ?? '')) continue;
        saw(item);
        // The folder may have been moved here from elsewhere. ELO only changes the time of the folder itself.
        for await (const inner of below(item, signal)) yield { items: inner, cursor: null, isWhole: false };
      }
    }
    yield { items: [], cursor: cursorOf(at), isWhole: false };
  }

  return {
    list: (since, signal) => (since === null ? whole(signal) : changes(timeIn(since), signal)),
    made: saw,
  };
}

const serverInfo = z.looseObject({ serverTime: z.string().nullish() });

/** The clock that sets the times of changes, or that of the header `Date` if ELO does not report it. */
async function serverTime(api: Elo['api'], signal: AbortSignal): Promise<Date> {
  const call = { operation: 'list', name: 'getServerInfo', parameters: {} };
  const answer = await unless(ixCodes.accessDenied, api.call(call, signal), null);
  const told = serverInfo.safeParse(answer).data?.serverTime ?? '';
  // Without a time zone it would be read in the time zone of this machine.
  if (/(?:Z|[+-]\d\d:?\d\d)$/.test(told) && !Number.isNaN(Date.parse(told))) return new Date(told);
  return new Date(Date.now() + (api.clockOffsetMs ?? 0));
}

/** `2026.11.30.19.04.59` */
const timeText = (at: Date): string => at.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '.');

const cursorOf = (at: Date): Cursor => JSON.stringify({ at: timeText(at) });

/** A cursor of an earlier version or of other settings counts as none. */
function timeIn(cursor: Cursor): Date {
  try {
    const { at } = position.parse(JSON.parse(cursor));
    const [year = '', month = '', day = '', hour = '', minute = '', second = ''] = at.split('.');
    const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    if (!Number.isNaN(time.getTime())) return time;
  } catch {
    // It is reported below.
  }
  throw new Trouble('cursor-expired', 'its cursor cannot be read');
}
