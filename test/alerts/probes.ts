import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { createParamService } from '../../api/backoffice/services/params';
import { findParameterClass } from '../../shared/catalog/parameter-classes';
import { type Db, inTransaction } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { commandLineCaller } from '../../shared/domain/staff';
import { loadChannelLog } from '../../worker/solution-sync/logs/channel-log';
import { readingsSubjectOf } from '../../shared/domain/new-readings';
import { noteReadings } from '../../worker/alerts/note-readings';
import { judgeNewReadings } from '../../worker/alerts/new-readings';
import { logTable } from '../logs/log-database';
import { openStoreAccess } from '../../shared/stores/store-access';

/** A reading: minutes after the start, temperature (null: an empty cell), and what else there is of it. */
export interface Reading {
  readonly at: number;
  readonly temp: number | null;
  readonly probe?: string;
  readonly battery?: number;
}

/** One kitchen with probes, on a real database. */
export interface ProbeKitchen {
  readonly solutionId: number;
  fridge(probe: string, fields?: Record<string, unknown>): Promise<void>;
  /** Sends readings in this order, with the next ids or from `firstId` on. */
  send(readings: readonly Reading[], firstId?: number): Promise<void>;
  /** The oldest first, times as minutes after the start. */
  alerts(): Promise<Record<string, unknown>[]>;
  /** The messages to the solution, in order. */
  told(): Promise<string[]>;
}

/** The readings' own times begin then: at noon UTC two days ago, so that a day of them lies in the past at any hour. */
export const start = new Date(new Date(Date.now() - 2 * 86_400_000).setUTCHours(12, 0, 0, 0)).getTime();

export async function openProbeKitchen(
  db: Db,
  startMs = start,
  language: Language = 'en',
  note: typeof noteReadings = noteReadings,
): Promise<ProbeKitchen> {
  const name = randomUUID();
  const added = await db.raw<{ rows: { id: number }[] }>(
    `with kitchen as (insert into account (name) values (:name) returning id)
     insert into solution (account_id, mail, name, secret_hash) select id, :name, :name, '-' from kitchen returning id`,
    { name },
  );
  const solutionId = added.rows[0]?.id ?? 0;
  let nextId = 1;

  return { solutionId, fridge, send, alerts, told };

  async function fridge(probe: string, fields: Record<string, unknown> = {}): Promise<void> {
    const parameterClass = findParameterClass('Fridges');
    if (parameterClass === undefined) throw new Error('no class Fridges');
    const key = { solutionId, parameterClass, id: `fridge-${probe}` };
    const written = { Name: `Fridge ${probe}`, ProbeId: probe, TempMin: 0, TempMax: 4, ...fields };
    await createParamService(openStoreAccess(db)).put(commandLineCaller, key, written, null);
  }

  async function send(readings: readonly Reading[], firstId = nextId): Promise<void> {
    const lines = readings.map(({ at, temp, probe = 'P1', battery }, index) =>
      [
        firstId + index,
        probe,
        new Date(startMs + at * 60_000).toISOString(),
        temp ?? '',
        battery ?? '',
      ].join(),
    );
    nextId = Math.max(nextId, firstId + readings.length);
    const csv = ['Id,ProbeId,MeasuredAt,Temperature,BatteryPercent', ...lines, ''].join('\n');
    const file = { name: 'csv/Tbsondes.csv', open: () => Promise.resolve(Readable.from([Buffer.from(csv)])) };
    const input = {
      solutionId,
      timezone: 'Europe/Paris',
      table: logTable('Tbsondes'),
      file,
      noteReadings: note,
    };
    await inTransaction(db, (transaction) =>
      loadChannelLog(transaction, 'sondes', input, (rejected) => Promise.reject(new Error(rejected.reason))),
    );
    await judgeNewReadings(db, readingsSubjectOf(solutionId, 'any'), language);
  }

  async function alerts(): Promise<Record<string, unknown>[]> {
    const minutes = (column: string) =>
      `round(extract(epoch from ${column} - cast(:start as timestamptz)) / 60)::int as "${column}"`;
    const result = await db.raw<{ rows: Record<string, unknown>[] }>(
      `select probe_id as probe, kind, worst_value as worst, ${minutes('since')}, ${minutes('opened_at')},
         ${minutes('escalated_at')}, ${minutes('closed_at')}
       from probe_alert where solution_id = :solutionId order by since, id`,
      { solutionId, start: new Date(startMs) },
    );
    return result.rows;
  }

  async function told(): Promise<string[]> {
    const rows = await db<{ solution_id: number; id: string; subject: string }>('manager_message')
      .where({ solution_id: solutionId })
      .orderBy('id', 'desc')
      .select('subject');
    return rows.map(({ subject }) => subject);
  }
}

/** A reading every five minutes, the first and the last included. */
export function steady(from: number, to: number, temp: number, probe = 'P1'): Reading[] {
  return Array.from({ length: Math.floor((to - from) / 5) + 1 }, (_, step) => ({
    at: from + step * 5,
    temp,
    probe,
  }));
}
