import { createHookService } from '../api/backoffice/services/hooks';
import type { Config } from '../shared/config/config';
import { commandLineCaller } from '../shared/domain/staff';
import type { Db } from '../shared/db/database';
import { createSeal } from '../shared/seal/seal';
import { createHookStore } from '../shared/stores/pairs/hook-store';
import type { RemoteSystemEntry } from '../shared/stores/pairs/system-store';
import { openStoreAccess } from '../shared/stores/store-access';
import { createLimiter } from '../worker/outside/limiter';
import { createSystemDoor } from '../worker/pairs/system-door';
import { secretsFrom } from '../worker/pairs/system-secrets';
import { registerHook } from '../worker/pairs/system-tasks';
import { createEspocrmConnector } from '../worker/systems/espocrm/espocrm';
import { webhookEvents, webhooksOf } from '../worker/systems/espocrm/webhooks';

/** The webhooks of entity types, for `epack systems prepare`. */
export interface WebhookWish {
  readonly system: RemoteSystemEntry;
  /** Those of which pairs want to hear by webhooks. */
  readonly entities: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface WebhookPlan {
  /** The entity types that have no webhook of ours yet. */
  readonly entities: readonly string[];
  /** What would be made, one sentence for each of them. */
  readonly sentences: readonly string[];
  /** Why none can be made. */
  readonly remarks: readonly string[];
}

/**
 * Looks, and changes nothing. The webhooks belong to the user of the system's own key, which is needed for that.
 */
export async function planWebhooks(
  db: Db,
  config: Config,
  wish: WebhookWish,
  signal: AbortSignal,
): Promise<WebhookPlan> {
  const { system, entities } = wish;
  const impossible = (reason: string): WebhookPlan => ({
    entities: [],
    sentences: [],
    remarks: [`No webhook is made for ${entities.join(', ')}: ${reason}`],
  });
  if (entities.length === 0) return { entities: [], sentences: [], remarks: [] };
  const { publicUrl } = config;
  if (publicUrl === null)
    return impossible(`EPACK_PUBLIC_URL is not set, so ${system.name} cannot be told where to call.`);
  try {
    const lacking = await entitiesWithout(db, config, wish, signal);
    const address = `${publicUrl}/hooks/${system.name}/…`;
    const sentences = lacking.map(
      (entity) => `Register a webhook of ${entity} (${webhookEvents.join(', ')}) that calls ${address}`,
    );
    return { entities: lacking, sentences, remarks: [] };
  } catch (error) {
    return impossible(error instanceof Error ? error.message : String(error));
  }
}

/** In the same way as `POST /api/systems/{name}/hook`, but without a worker. Returns what went wrong, in sentences. */
export async function makeWebhooks(
  db: Db,
  config: Config,
  { system, environment }: WebhookWish,
  entities: readonly string[],
): Promise<string[]> {
  const seal = createSeal(config.secretsKeys);
  const door = createSystemDoor({
    connectors: { espocrm: createEspocrmConnector() },
    secretsOf: secretsFrom({ db, seal, environment }),
    limiterOf: (_, limits) => createLimiter(limits),
    observe: () => undefined,
  });
  const hooks = createHookService({
    ...openStoreAccess(db),
    seal,
    tasks: { registerHook: (_, _name, { detail }) => registerHook({ door }, detail, system) },
    publicUrl: config.publicUrl,
  });
  const problems: string[] = [];
  for (const entity of entities) {
    const { id, problem } = await hooks.create(commandLineCaller, system.name, { entity, origin: '' });
    if (problem === null) continue;
    problems.push(`The webhook of ${entity} was not made: ${problem}`);
    await hooks.remove(commandLineCaller, system.name, id);
  }
  return problems;
}

/** Those of which the system does not tell one of our addresses, signed by a key that we keep. */
async function entitiesWithout(
  db: Db,
  config: Config,
  { system, entities, environment }: WebhookWish,
  signal: AbortSignal,
): Promise<string[]> {
  const secretsOf = secretsFrom({ db, seal: createSeal(config.secretsKeys), environment });
  const { config: settings, secrets } = await secretsOf(system);
  const opening = { config: settings, secrets, end: null, fields: [], overlapMinutes: 0 };
  const outside = {
    system: system.name,
    limiter: createLimiter({ atOnce: 1 }),
    observe: () => undefined,
  };
  const kept = (await createHookStore(db).listOf(system.id)).flatMap(({ webhooks }) => webhooks);
  const address = `${config.publicUrl ?? ''}/hooks/${system.name}/`;
  const ours = (await webhooksOf(opening, outside, signal)).filter(
    ({ id, url }) => kept.includes(id) && url.startsWith(address),
  );
  return entities.filter(
    (entity) => !webhookEvents.every((event) => ours.some((one) => one.event === `${entity}.${event}`)),
  );
}
