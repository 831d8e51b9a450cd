import type { Db } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { createMessageStore } from '../../shared/stores/messages/message-store';
import { type HappenedToProbe, probeMessage } from './probe-message';

/** A temporary table for what happens to alerts in this transaction: `alert_id, event, at`. */
export async function newProbeEvents(db: Db): Promise<void> {
  await db.raw(
    `create temporary table probe_event (alert_id bigint not null, event text not null, at timestamptz not null)
     on commit drop`,
  );
}

/**
 * Writes a message on `messagerie` for each event, in the order of the times of the readings. Then deletes the events.
 */
export async function tellProbeEvents(db: Db, language: Language): Promise<void> {
  await db.raw(
    `declare happened_to_probe no scroll cursor for
     select a.id as alert_id, a.solution_id, a.kind, e.event, e.at, a.since, a.probe_id as "probeId", a.fridge_name as "fridgeName",
       a.limit_value as "limit", a.worst_value as worst, s.timezone
     from probe_event e join probe_alert a on a.id = e.alert_id join solution s on s.id = a.solution_id
     order by e.at, a.id, array_position(array['opened', 'escalated', 'closed'], e.event)`,
  );
  const fetch = () => db.raw<{ rows: Happened[] }>('fetch 1000 from happened_to_probe');
  for (let { rows } = await fetch(); rows.length > 0; { rows } = await fetch())
    await tell(db, language, rows);
  await db.raw('close happened_to_probe');
  await db.raw('drop table probe_event');
}

interface Happened extends HappenedToProbe {
  readonly alert_id: string;
  readonly solution_id: number;
}

const tell = (db: Db, language: Language, happened: readonly Happened[]): Promise<void> =>
  createMessageStore(db).addAlerts(
    happened.map((one) => ({
      solutionId: one.solution_id,
      alertId: one.alert_id,
      ...probeMessage(language, one),
      at: one.at,
      isOver: one.event === 'closed',
    })),
  );
