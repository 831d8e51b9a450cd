import type { AdvowareEnd } from '../../../shared/systems/advoware';
import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import type { AdvowareApi } from './api';
import { readList, revisionOf } from './records';

/** Checks that a token is given, that the entity exists, and that its records have what a pair needs. It only reads. */
export async function probeAdvoware(
  api: AdvowareApi,
  end: AdvowareEnd | null,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<Probe> {
  return runProbe(
    {
      clockOffsetMs: () => api.clockOffsetMs,
      async look(notes) {
        notes.add(await probeEntity(api, end?.entity ?? usualEntity, fields, signal));
      },
    },
    signal,
  );
}

const usualEntity = 'Beteiligte';

async function probeEntity(
  api: AdvowareApi,
  entity: string,
  fields: readonly string[],
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const path = `/${encodeURIComponent(entity)}`;
  const answer = await api.call({ operation: 'probe', method: 'GET', path }, signal);
  if (answer.status === 404)
    return [{ level: 'error', code: 'entity-missing', message: `There is no ${entity}.` }];
  if (answer.status !== 200)
    return [{ level: 'error', code: 'unauthorized', message: `${entity} returned ${answer.status}.` }];
  const records = readList(answer.json);
  const findings: Finding[] = [
    {
      level: 'info',
      code: 'no-sync-key',
      message: 'A record whose creation was cut off is found by its values alone.',
    },
  ];
  if (records.some((record) => revisionOf(record) === null))
    findings.push({
      level: 'warning',
      code: 'no-revisions',
      message: `Some records of ${entity} show no rowId: they are compared by their fields.`,
    });
  const unseen = fields.filter((name) => !records.some((record) => Object.hasOwn(record, name)));
  if (records.length > 0 && unseen.length > 0)
    findings.push({
      level: 'warning',
      code: 'fields-unseen',
      message: `No record of ${entity} shows ${unseen.join(', ')}.`,
      about: unseen,
    });
  return findings;
}
