import type { OdooEnd } from '../../../shared/systems/odoo';
import { Trouble } from '../../pipeline/trouble';
import type { Finding, Probe } from '../probe';
import { type ProbeNotes, runProbe } from '../run-probe';
import { troubleOf } from './faults';
import { type FieldName, fieldName } from './field-name';
import type { Odoo } from './opened';
import { type Action, mayDo } from './rights';
import { type ModelSchema, readSchema } from './schema';

/**
 * Finds the version, whether our credentials are accepted, and whether the pair's model has what the pair needs. It
 * only reads.
 */
export const probeOdoo = (odoo: Odoo, signal: AbortSignal): Promise<Probe> =>
  runProbe(
    {
      clockOffsetMs: () => odoo.api.client.clockOffsetMs,
      look: (notes) =>
        lookAt(odoo, notes, signal).catch((error: unknown) => {
          throw withHint(error);
        }),
    },
    signal,
  );

async function lookAt(odoo: Odoo, notes: ProbeNotes, signal: AbortSignal): Promise<void> {
  notes.version = await odoo.api.version(signal);
  notes.add(versionFindings(odoo, notes.version));
  await enter(odoo, signal);
  if (odoo.end !== null) notes.add(await probeModel(odoo, odoo.end, signal));
}

/** Odoo redirects calls about a database that it does not have to a page for people. */
function withHint(error: unknown): unknown {
  if (!(error instanceof Trouble) || !error.message.includes('leads elsewhere')) return error;
  const { kind, message, retryAfterMs } = error;
  return new Trouble(kind, `${message}: perhaps there is no such database`, retryAfterMs, { cause: error });
}

/** Any call that needs a user and a database. */
async function enter({ api }: Odoo, signal: AbortSignal): Promise<void> {
  const call = { operation: 'probe', model: 'res.users', method: 'context_get', parameters: {} };
  const answer = await api.call(call, signal);
  if (answer.kind === 'fault') throw troubleOf(answer.fault);
}

const firstOfJson2 = 19;
const lastOfJsonRpc = 18;

function versionFindings({ settings }: Odoo, version: string | null): readonly Finding[] {
  const major = Number(/\d+/.exec(version ?? '')?.[0]);
  if (settings.api === 'json-2' && major < firstOfJson2)
    return [
      {
        level: 'error',
        code: 'version-old',
        message: `Odoo ${version ?? ''} has no JSON-2: "api: json-rpc" calls it.`,
      },
    ];
  if (settings.api === 'json-rpc' && major > lastOfJsonRpc)
    return [
      {
        level: 'warning',
        code: 'interface-old',
        message: `Odoo ${version ?? ''} is about to give up JSON-RPC: "api: json-2" calls it with an API key.`,
      },
    ];
  return [];
}

async function probeModel(odoo: Odoo, end: OdooEnd, signal: AbortSignal): Promise<readonly Finding[]> {
  const { api, opening } = odoo;
  const { model } = end;
  // A probe shows what is there now, also to whoever asks next.
  odoo.schemas.forget(odoo.outside, model);
  const schema = await readSchema(api, model, signal);
  if (schema === null)
    return [{ level: 'error', code: 'entity-missing', message: `There is no model ${model}.` }];
  const names = opening.fields.map(fieldName);
  return [
    ...fieldFindings(schema, end, names),
    {
      level: 'info',
      code: 'no-revisions',
      message:
        'Odoo compares nothing before it writes: we look right before each write, and someone may still be faster.',
    },
    ...(await rightFindings(odoo, model, signal)),
  ];
}

function fieldFindings(
  schema: ModelSchema,
  { model, deletion }: OdooEnd,
  names: readonly FieldName[],
): readonly Finding[] {
  const findings: Finding[] = [];
  const missing = schema.missing(deletion === 'archive' ? [...names, fieldName('active')] : names);
  if (missing.length > 0)
    findings.push({
      level: 'error',
      code: 'fields-missing',
      message: `${model} lacks ${missing.join(', ')}.`,
      about: missing,
    });
  const computed = names
    .filter(({ own }) => schema.field(own)?.isKeptNowhere === true)
    .map(({ written }) => written);
  if (computed.length > 0)
    findings.push({
      level: 'warning',
      code: 'fields-computed',
      message: `${model} computes ${computed.join(', ')}: what is written there is not kept.`,
      about: computed,
    });
  if (schema.field('write_date') === null)
    findings.push({
      level: 'warning',
      code: 'no-changes',
      message: `${model} keeps no dates of changes: it is listed whole each time.`,
    });
  return findings;
}

const actions: readonly Action[] = ['read', 'create', 'write', 'unlink'];

async function rightFindings({ api }: Odoo, model: string, signal: AbortSignal): Promise<readonly Finding[]> {
  const denied: Action[] = [];
  for (const action of actions) if (!(await mayDo(api, model, action, signal))) denied.push(action);
  if (denied.length === 0) return [];
  return [
    {
      level: denied.includes('read') ? 'error' : 'warning',
      code: 'rights-missing',
      message: `Our user may not ${denied.join(', ')} ${model}.`,
      about: denied,
    },
  ];
}
