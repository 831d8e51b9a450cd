import { type Db, inTransaction } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { probeAlertLimits } from '../../shared/domain/probe-alert';
import { newProbeEvents, tellProbeEvents } from './probe-events';
import { fridgesOf } from './probe-fridges';
import { silentAt } from './probe-sql';

const batchSize = 1_000;

/**
 * Opens an alert for every probe that has been silent for longer than its delay, and escalates those that stay so. They
 * are found by an index, so a run without any costs one look-up. Returns how many became silent.
 */
export async function alertSilentProbes(db: Db, language: Language): Promise<number> {
  for (let total = 0; ;) {
    const found = await inTransaction(db, ({ db: trx }) => alertSome(trx, language));
    total += found;
    if (found < batchSize) return total;
  }
}

async function alertSome(db: Db, language: Language): Promise<number> {
  await newProbeEvents(db);
  const found = await findSilent(db);
  if (found > 0) await openAlerts(db);
  await escalate(db);
  await tellProbeEvents(db, language);
  return found;
}

/**
 * The delay of a fridge may have changed since its probe was last heard. Rows that another worker has locked are
 * skipped.
 */
async function findSilent(db: Db): Promise<number> {
  const result = await db.raw<{ rowCount: number }>(
    `create temporary table silent_probe on commit drop as
     select solution_id, probe_id, last_at, heard_at from probe_state
     where not is_lost and silent_at < now() order by silent_at limit ${batchSize} for update skip locked`,
  );
  return result.rowCount;
}

async function openAlerts(db: Db): Promise<void> {
  await db.raw(
    `with judged as (
       select silent.*, fridge.name, coalesce(fridge.signal_loss_minutes, ${probeAlertLimits.signalLossMinutes}) as minutes,
         ${silentAt('silent.heard_at', 'fridge')} as silent_at
       from silent_probe silent left join lateral (${fridgesOf('silent.solution_id')}) fridge
         on fridge.probe_id = silent.probe_id
     ), marked as (
       update probe_state state set silent_at = j.silent_at, is_lost = j.silent_at < now()
       from judged j where j.solution_id = state.solution_id and j.probe_id = state.probe_id
     ), opened as (
       insert into probe_alert (solution_id, probe_id, kind, fridge_name, delay_minutes, since, opened_at)
       select solution_id, probe_id, 'signal-lost', name, minutes, last_at, silent_at
       from judged where silent_at < now()
       on conflict (solution_id, probe_id, kind) where closed_at is null do nothing
       returning id, opened_at
     )
     insert into probe_event (alert_id, event, at) select id, 'opened', opened_at from opened`,
  );
}

async function escalate(db: Db): Promise<void> {
  await db.raw(
    `with impatient as (
       select id from probe_alert
       where kind = 'signal-lost' and closed_at is null and escalated_at is null
         and opened_at + make_interval(mins => ${probeAlertLimits.escalationFactor - 1} * delay_minutes) < now()
       limit ${batchSize} for update skip locked
     ), escalated as (
       update probe_alert a
       set escalated_at = opened_at + make_interval(mins => ${probeAlertLimits.escalationFactor - 1} * delay_minutes)
       from impatient where impatient.id = a.id returning a.id, a.escalated_at
     )
     insert into probe_event (alert_id, event, at) select id, 'escalated', escalated_at from escalated`,
  );
}
