import { findLogTable } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';
import type { Reason } from '../../../shared/domain/reason';
import { reasonText } from '../../../shared/domain/reason-english';
import { createLogMarkStore } from '../../../shared/stores/logs/log-mark-store';
import {
  createQuarantineIntakeStore,
  type QuarantineIntakeStore,
  type RefusedItem,
  type RefusedSync,
} from '../../../shared/stores/syncs/quarantine-intake-store';
import { createSyncStore } from '../../../shared/stores/syncs/sync-store';
import type { Rejected } from './rejections';

/** Writes rejected items to quarantine, portion by portion. */
export interface QuarantineWriter {
  readonly write: (batch: readonly Rejected[]) => Promise<void>;
  /** Records items that exceed the limit. */
  finish(): Promise<void>;
}

/**
 * If an open item has the same content, the entity or row is only counted there: it comes with every sync until someone
 * corrects it, and would fill the list. `standard`: how many open items a solution without its own limit may have.
 * Further items are counted in one item for all, and their uploads are kept while that item is open.
 */
export function createQuarantineWriter(db: Db, sync: RefusedSync, standard: number): QuarantineWriter {
  const intake = createQuarantineIntakeStore(db);
  let room: number | null = null;
  let beyond = 0;
  let fileBeyond: string | null = null;

  return {
    async write(batch) {
      room ??= await intake.room(sync.solutionId, standard);
      const items = counted(batch);
      const rest = items.slice(room);
      room -= (await intake.put(sync, items.slice(0, room).map(itemOf))).length;
      if (rest.length === 0) return;
      beyond += timesOf(rest) - (await countAgain(intake, sync, rest));
      fileBeyond ??= rest[0]?.file ?? null;
      await noteUnlisted(db, sync.solutionId, rest);
    },

    async finish() {
      if (beyond === 0 || fileBeyond === null) return;
      await createSyncStore(db).noteBeyondQuarantine(sync.syncId, beyond);
      await intake.noteBeyond(sync, { file: fileBeyond, count: beyond, reason: reasonText(full), why: full });
    },
  };
}

/** The limit allows no new items, so only repetitions of open ones are counted. Returns how many there were. */
async function countAgain(
  intake: QuarantineIntakeStore,
  sync: RefusedSync,
  items: readonly Counted[],
): Promise<number> {
  const known = items.filter((item) => sameAs(item) !== null);
  const rows = known.filter(({ kind }) => kind === 'row').map(itemOf);
  const entities = known.filter(({ kind }) => kind === 'entity');
  return (await intake.countRowsAgain(sync, rows)) + (await countEntitiesAgain(intake, sync, entities));
}

/**
 * Only the database can decide whether an entity is a repetition, so it is inserted, and deleted again if it is new.
 */
async function countEntitiesAgain(
  intake: QuarantineIntakeStore,
  sync: RefusedSync,
  items: readonly Counted[],
): Promise<number> {
  const added = await intake.put(sync, items.map(itemOf));
  return timesOf(items) - (added.length === 0 ? 0 : await intake.remove(added));
}

const itemOf = ({ why, ...item }: Counted): RefusedItem => ({
  ...item,
  reasonCode: why === null ? null : why.code,
  reasonValues: why === null ? null : why.values,
});

const timesOf = (items: readonly Counted[]): number => items.reduce((sum, { times }) => sum + times, 0);

/** The books know rows that were refused by their items; of these rows there are none. */
async function noteUnlisted(db: Db, solutionId: number, rest: readonly Counted[]): Promise<void> {
  const idsOfTables = new Map<string, string[]>();
  for (const { kind, subject, rowId, code } of rest) {
    const table =
      kind === 'row' && code !== 'id-conflict' && code !== 'id-jump'
        ? findLogTable(subject ?? '')
        : undefined;
    const id = /^[ \t]*(\d{1,19})[ \t]*$/.exec(rowId ?? '')?.[1];
    if (table === undefined || id === undefined || BigInt(id) >= topId) continue;
    const ids = idsOfTables.get(table.table) ?? [];
    ids.push(id);
    idsOfTables.set(table.table, ids);
  }
  for (const [table, ids] of idsOfTables) await createLogMarkStore(db).noteUnlisted(solutionId, table, ids);
}

const full: Reason = { code: 'quarantine-full', values: {} };

/** The highest id there can be is in no range: PostgreSQL writes a range's end as the number after it. */
const topId = 2n ** 63n - 1n;

interface Counted extends Rejected {
  readonly times: number;
}

/** One statement cannot count the same item twice: what a batch holds many times is in it once. */
function counted(batch: readonly Rejected[]): Counted[] {
  const all: Counted[] = [];
  const places = new Map<string, number>();
  for (const rejected of batch) {
    const key = sameAs(rejected);
    const place = key === null ? undefined : places.get(key);
    const before = place === undefined ? undefined : all[place];
    if (place !== undefined && before !== undefined) {
      all[place] = { ...before, times: before.times + 1 };
    } else {
      if (key !== null) places.set(key, all.length);
      all.push({ ...rejected, times: 1 });
    }
  }
  return all;
}

/** As the columns `same_as` and `same_row` have it, within one solution and channel. Null: nothing is the same as this. */
function sameAs({ kind, file, rowId, subject, code, raw }: Rejected): string | null {
  if ((kind !== 'entity' && kind !== 'row') || raw === null) return null;
  // Like the column, which knows no NUL.
  return JSON.stringify([raw, code, file, rowId ?? subject ?? '']).replaceAll('\\u0000', '\\ufffd');
}
