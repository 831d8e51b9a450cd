import type { Db } from '../../shared/db/database';
import type { Language } from '../../shared/domain/language';
import { judgeBatteries } from './battery-alerts';
import { findHeardSpans, closeLostSignals, openPastSilences } from './lost-signals';
import { newProbeEvents, tellProbeEvents } from './probe-events';
import { findNews, gatherReadings, type ReadingsSource } from './probe-news';
import { rememberProbes } from './remember-probes';
import { openAlerts, settleOpenAlerts } from './temperature-alerts';
import { findEpisodes, findRuns } from './temperature-episodes';

/**
 * Opens, escalates and closes alerts by the readings that are new, as a set, in a transaction of its own; its work
 * grows with them and never with what is stored. All times are the times of the readings: a wrong clock moves an alert,
 * but does not hide it. `language`: of the messages to the kitchen. Source: ePack V4, Probe alerts.
 */
export async function updateProbeAlerts(
  db: Db,
  solutionId: number,
  readings: ReadingsSource,
  language: Language,
): Promise<void> {
  const rows = readings.select(['id', 'probe_id', 'measured_at', 'temperature', 'battery_percent']);
  // Rows that were just loaded have no statistics yet. PostgreSQL expects few rows and would sort or look up row by row
  // where it should hash (measured on 100,000 readings: 9 s instead of 0.5 s).
  await db.raw(`set local work_mem = '64MB'; set local jit = off; set local enable_sort = off;
    set local enable_nestloop = off`);
  await db.raw('select from probe_state where solution_id = ? order by probe_id for update', [solutionId]);
  // One transaction may judge the readings of several syncs, one after the other.
  await db.raw('drop table if exists probe_bucket, probe_news, probe_run, probe_episode, probe_span');
  await gatherReadings(db, rows);
  const { isWatched, isHeardAgain, hasBatteryNews } = await findNews(db, solutionId);
  await newProbeEvents(db);
  if (isWatched) {
    await findRuns(db, rows);
    await findEpisodes(db);
    await settleOpenAlerts(db, solutionId);
    await openAlerts(db, solutionId);
  }
  await findHeardSpans(db, solutionId, rows);
  if (isHeardAgain) await closeLostSignals(db, solutionId, rows);
  await openPastSilences(db, solutionId);
  if (hasBatteryNews) await judgeBatteries(db, solutionId, rows);
  await rememberProbes(db, solutionId, isWatched);
  await tellProbeEvents(db, language);
}
