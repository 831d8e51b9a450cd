import { z } from 'zod';
import { auditEntry } from '../api/backoffice/services/trail';
import type { Config } from '../shared/config/config';
import { commandLineCaller } from '../shared/domain/staff';
import type { Db } from '../shared/db/database';
import { createSeal } from '../shared/seal/seal';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import { createPairConfigStore } from '../shared/stores/pairs/pair-config-store';
import { createSystemStore, type RemoteSystemEntry } from '../shared/stores/pairs/system-store';
import { readPair } from '../shared/systems/check-pair';
import { httpUrl } from '../shared/systems/settings-parts';
import { systemKinds } from '../shared/systems/system-kinds';
import { createLimiter } from '../worker/outside/limiter';
import { secretsFrom } from '../worker/pairs/system-secrets';
import { planPreparation, type Preparation, type PreparationPlan } from '../worker/systems/espocrm/prepare';
import { wantedFields } from '../worker/systems/espocrm/wanted-fields';
import type { Outside } from '../worker/systems/remote-system';
import { withDatabase } from './administration';
import type { CommandResult } from './pair-commands';
import { makeWebhooks, planWebhooks, type WebhookWish } from './prepare-webhooks';

// `epack systems prepare`. It calls the system itself, so that the administrator's password is in no job and no table.

export interface PreparationRequest {
  readonly system: string;
  /** An administrator of the system. The password is not stored. */
  readonly administrator: Preparation['administrator'];
  /** Gets the planned steps before anything is made; false: nothing is made. */
  readonly consent: (sentences: readonly string[]) => Promise<boolean>;
  /** The environment, from which the address of the system may come. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * Makes what the pairs that name a system need there: entity types, fields, what keeps a record from being made twice, and
 * webhooks. What is there stays as it is. Where something is in the way that nobody can make, nothing is made.
 */
export async function prepareSystem(config: Config, request: PreparationRequest): Promise<CommandResult> {
  const { system, wishes, webhooks } = await withDatabase(config, (db) => wishesOf(db, config, request));
  if (wishes.length === 0) return { lines: [`No pair names ${system}.`], isWell: false };
  const outside: Outside = { system, limiter: createLimiter({ atOnce: 1 }), observe: () => undefined };
  const plans: PreparationPlan[] = [];
  for (const wish of wishes) plans.push(await planPreparation(wish, outside, patience()));
  const obstacles = eachOnce(plans.flatMap((plan) => plan.obstacles));
  if (obstacles.length > 0) return { lines: [...obstacles, 'Nothing was made.'], isWell: false };
  const hooks = await withDatabase(config, (db) => planWebhooks(db, config, webhooks, patience()));
  const made = eachOnce(plans.flatMap(({ steps }) => steps.map(({ sentence }) => sentence)));
  const sentences = [...made, ...hooks.sentences];
  const { remarks } = hooks;
  if (sentences.length === 0)
    return {
      lines: [...remarks, `${system} has all that its pairs need${exceptFor(remarks)}.`],
      isWell: true,
    };
  if (!(await request.consent(sentences))) return { lines: [...remarks, 'Nothing was made.'], isWell: true };
  const count = await carryOut(wishes, outside);
  const problems = await withDatabase(config, async (db) => {
    const failures = await makeWebhooks(db, config, webhooks, hooks.entities);
    const after = { name: system, by: request.administrator.user, made: sentences };
    await createAuditStore(db).add([auditEntry(commandLineCaller, 'system.prepare', { after })]);
    return failures;
  });
  const all = count + hooks.entities.length - problems.length;
  const isWell = problems.length === 0;
  return {
    lines: [...remarks, ...problems, `${system} is ${isWell ? '' : 'not yet '}prepared: ${all} made.`],
    isWell,
  };
}

const exceptFor = (remarks: readonly string[]): string => (remarks.length === 0 ? '' : ' beside the webhook');

/**
 * Carries out the steps and plans again after each: two pairs may need the same field, and a new entity type has fields
 * of its own. Returns the number of steps done. Throws a sentence if a step was accepted and had no effect.
 */
async function carryOut(wishes: readonly Preparation[], outside: Outside): Promise<number> {
  const done = new Set<string>();
  for (const wish of wishes) {
    const next = async () => (await planPreparation(wish, outside, patience())).steps[0];
    for (let step = await next(); step !== undefined; step = await next()) {
      if (done.has(step.sentence)) throw new Error(`This was accepted, and is not there: ${step.sentence}.`);
      await step.carryOut(patience());
      done.add(step.sentence);
    }
  }
  return done.size;
}

interface WantedParts {
  readonly system: string;
  /** One preparation for each end of a pair. */
  readonly wishes: readonly Preparation[];
  readonly webhooks: WebhookWish;
}

async function wishesOf(db: Db, config: Config, request: PreparationRequest): Promise<WantedParts> {
  const system = await createSystemStore(db).find('all', request.system);
  if (system === null) throw new Error(`There is no system "${request.system}".`);
  if (system.kind !== 'espocrm')
    throw new Error(`Systems of the kind ${system.kind} cannot be prepared: ${system.name} is one.`);
  const url = await urlOf(db, config, system, request.environment);
  const ends = await endsOf(db, system);
  const fieldsOf = (entity: unknown) =>
    ends.filter(({ end }) => end['entity'] === entity).flatMap(({ fields }) => fields);
  const { administrator } = request;
  const wishes = ends.map(({ end }) => ({ url, administrator, end, fields: fieldsOf(end['entity']) }));
  const entities = ends.flatMap(({ end, usesWebhooks }) => (usesWebhooks ? [String(end['entity'])] : []));
  const webhooks = { system, entities: eachOnce(entities), environment: request.environment };
  return { system: system.name, wishes, webhooks };
}

const withUrl = z.looseObject({ url: z.string() });

/** The other settings contain secrets that are not needed here. */
async function urlOf(
  db: Db,
  config: Config,
  system: RemoteSystemEntry,
  environment: PreparationRequest['environment'],
): Promise<string> {
  const { url } = withUrl.parse(system.config);
  const secretsOf = secretsFrom({ db, seal: createSeal(config.secretsKeys), environment });
  const filled = await secretsOf({ id: system.id, config: { url } });
  return httpUrl.parse(withUrl.parse(filled.config).url);
}

interface End {
  readonly end: Readonly<Record<string, unknown>>;
  readonly fields: Preparation['fields'];
  /** The pair wants to hear of its changes by webhooks. */
  readonly usesWebhooks: boolean;
}

async function endsOf(db: Db, system: RemoteSystemEntry): Promise<End[]> {
  const { items } = await createPairConfigStore(db).list('all', { limit: 10_000, after: null });
  return items.flatMap((pair) => {
    const settings = readPair(pair.config, systemKinds[pair.here.kind].holds);
    if (settings.holds !== 'records') return [];
    return (['here', 'there'] as const)
      .filter((side) => pair[side].id === system.id)
      .map((side) => {
        const end = Object.entries(settings[side]).filter(([name]) => name !== 'system');
        return {
          end: Object.fromEntries(end),
          fields: wantedFields(settings, side),
          usesWebhooks: settings.find.webhooks.includes(side),
        };
      });
  });
}

/** The time for one plan or one change. EspoCRM rebuilds its tables after some changes. */
const patience = (): AbortSignal => AbortSignal.timeout(120_000);

const eachOnce = (sentences: readonly string[]): string[] => [...new Set(sentences)];
