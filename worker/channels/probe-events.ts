import type { Db } from '../../shared/db/database';
import { type ProbeEvent, probeEventTexts } from '../../shared/domain/probe-event';

/** A temporary table for what happens to alerts in this transaction: `alert_id, event, at`. */
export async function newProbeEvents(db: Db): Promise<void> {
  await db.raw(
    `create temporary table probe_event (alert_id bigint not null, event text not null, at timestamptz not null)
     on commit drop`,
  );
}

/** Tells each solution on `messagerie` what happened, in the order of the readings' times; forgets it after that. */
export async function tellProbeEvents(db: Db): Promise<void> {
  await db.raw(
    `insert into manager_message (solution_id, kind, sender, subject, body, measured_at, is_conform)
     select a.solution_id, 'probe-alert', 'ePack', p.place || ': ' || p.what,
       p.what || case when e.event = 'closed' then '. It had been so since ' else ', since ' end || p.since
         || coalesce('. Worst value: ' || a.worst_value || p.unit, '')
         || coalesce('. Limit: ' || a.limit_value || p.unit, '') || '.',
       e.at, e.event = 'closed'
     from probe_event e join probe_alert a on a.id = e.alert_id join solution s on s.id = a.solution_id
     cross join lateral (
       select coalesce(a.fridge_name || ' (' || a.probe_id || ')', 'Probe ' || a.probe_id) as place,
         to_char(a.since at time zone s.timezone, 'YYYY-MM-DD HH24:MI') as since,
         case when a.kind = 'low-battery' then ' %' else ' °C' end as unit,
         ${wording} as what
     ) p
     order by e.at, a.id, array_position(array['opened', 'escalated', 'closed'], e.event)`,
  );
  await db.raw('drop table probe_event');
}

/** Of texts of our own, without a quote. */
const wording = `case a.kind ${Object.entries(probeEventTexts)
  .map(([kind, texts]) => `when '${kind}' then case e.event ${whens(texts)} end`)
  .join(' ')} end`;

function whens(texts: Readonly<Record<ProbeEvent, string>>): string {
  return Object.entries(texts)
    .map(([event, text]) => `when '${event}' then '${text}'`)
    .join(' ');
}
