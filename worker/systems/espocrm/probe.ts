import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import type { Espocrm } from './opened';
import { type Action, readRights } from './rights';
import { readSchema } from './schema';

/**
 * Finds the version, the rights of our key, and whether the pair's entity type has what the pair needs. It only reads.
 */
export async function probeEspocrm(espo: Espocrm, signal: AbortSignal): Promise<Probe> {
  return runProbe(
    {
      clockOffsetMs: () => espo.api.client.clockOffsetMs,
      async look(notes) {
        notes.version = await readVersion(espo, signal);
        if (espo.end !== null) notes.add(await probeEntity(espo, espo.end, signal));
      },
    },
    signal,
  );
}

const settingsAnswer = z.looseObject({ version: z.string().optional() });

async function readVersion({ api }: Espocrm, signal: AbortSignal): Promise<string | null> {
  const answer = await api.get('probe', '/Settings', [], signal);
  if (answer.status !== 200) throw new Trouble('unauthorized', `the server returned ${answer.status}`);
  return settingsAnswer.safeParse(answer.json).data?.version ?? null;
}

async function probeEntity(
  { api, opening, outside, schemas }: Espocrm,
  end: NonNullable<Espocrm['end']>,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { entity, syncKeyField, optimistic } = end;
  // A probe shows what is there now, also to whoever asks next.
  schemas.forget(outside, entity);
  const schema = await readSchema(api, entity, signal);
  if (schema === null)
    return [{ level: 'error', code: 'entity-missing', message: `There is no entity type ${entity}.` }];
  const wanted = syncKeyField === undefined ? opening.fields : [syncKeyField, ...opening.fields];
  const findings: Finding[] = [];
  const missing = schema.missing(wanted);
  if (missing.length > 0)
    findings.push({
      level: 'error',
      code: 'fields-missing',
      message: `${entity} lacks ${missing.join(', ')}.`,
      about: missing,
    });
  if (syncKeyField === undefined)
    findings.push({
      level: 'warning',
      code: 'no-sync-key',
      message: `Without a field for the sync key, a record whose creation was cut off is found by its values alone.`,
    });
  if (optimistic !== schema.hasOptimisticControl)
    findings.push(optimistic ? missingControl(entity) : unusedControl(entity));
  return [...findings, ...(await probeRights(api, entity, signal))];
}

const missingControl = (entity: string): Finding => ({
  level: 'warning',
  code: 'no-revisions',
  message: `${entity} has no optimistic concurrency control: we look right before each write, and someone may still be faster.`,
});

const unusedControl = (entity: string): Finding => ({
  level: 'info',
  code: 'revisions-unused',
  message: `${entity} has optimistic concurrency control, and the pair does not use it: "optimistic: true" would.`,
});

const actions: readonly Action[] = ['read', 'create', 'edit', 'delete'];

async function probeRights(
  api: Espocrm['api'],
  entity: string,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const rights = await readRights(api, entity, signal);
  const denied = actions.filter((action) => rights.levelOf(action) === 'no');
  const partial = actions.filter((action) => !['all', 'yes', 'no'].includes(rights.levelOf(action)));
  const findings: Finding[] = [];
  if (denied.length > 0)
    findings.push({
      level: denied.includes('read') ? 'error' : 'warning',
      code: 'rights-missing',
      message: `Our key may not ${denied.join(', ')} ${entity}.`,
      about: denied,
    });
  if (partial.length > 0)
    findings.push({
      level: 'warning',
      code: 'rights-partial',
      message: `Our key may ${partial.join(', ')} only some records of ${entity}: the others count as not there.`,
      about: partial,
    });
  return findings;
}
