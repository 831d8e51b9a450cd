import { z } from 'zod';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { Seal } from '../../../shared/seal/seal';
import { hashSessionToken, newSessionToken } from '../../../shared/secrets';
import type { Hook, HookStore } from '../../../shared/stores/pairs/hook-store';
import type { PairConfigStore } from '../../../shared/stores/pairs/pair-config-store';
import type { RemoteSystemEntry, SystemStore } from '../../../shared/stores/pairs/system-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Json } from '../../../shared/systems/references';
import { systemKinds } from '../../../shared/systems/system-kinds';
import { needAdmin } from './rights';
import type { SystemTaskService } from './system-tasks';
import { foundSystem, refusedFields } from './systems';
import { auditEntry } from './trail';

export interface MadeHook {
  readonly id: number;
  /** With the token: it is shown this once. */
  readonly url: string;
  /** The webhooks that the system has for it now; by id there. */
  readonly webhooks: readonly string[];
  /** Why the system has none, or not all; null: it has what it should. */
  readonly problem: string | null;
}

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly hooks: HookStore;
  readonly pairConfigs: Pick<PairConfigStore, 'list'>;
  readonly systems: Pick<SystemStore, 'find'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly seal: Seal;
  readonly tasks: Pick<SystemTaskService, 'registerHook'>;
  /** Under which others reach this server; null: as the caller did. */
  readonly publicUrl: string | null;
}

/** The result of a worker that registered webhooks. */
const registered = z.object({ webhooks: z.record(z.string(), z.string()) });

export type HookService = ReturnType<typeof createHookService>;

/** The addresses at which other systems report changes. */
export function createHookService({ stores, transaction, seal, tasks, publicUrl }: Deps) {
  return {
    /** Throws `not-found`. */
    async list(caller: Caller, systemName: string): Promise<Hook[]> {
      const system = await foundSystem(stores, caller, systemName);
      return stores.hooks.listOf(system.id);
    },

    /**
     * Makes an address; a system that can is told to call it. `origin`: where the caller reached this server.
     * Throws `not-found`, `forbidden`, `invalid-fields`.
     */
    async create(
      caller: Caller,
      systemName: string,
      { entity, origin }: { readonly entity: string | null; readonly origin: string },
    ): Promise<MadeHook> {
      const system = await foundSystem(stores, caller, systemName);
      needAdmin(caller);
      if (systemKinds[system.kind].can.webhooks === 'none')
        throw refusedFields([
          { path: ['system'], reason: `is of the kind ${system.kind}, which sends no webhooks` },
        ]);
      const token = newSessionToken();
      const id = await transaction(async (on) => {
        const tokenSha256 = hashSessionToken(token);
        const made = await on.hooks.insert(system.id, { tokenSha256, entity, by: caller.email });
        const after = { system: systemName, hook: made, entity };
        await on.audit.add([auditEntry(caller, 'hook.create', { after })]);
        return made;
      });
      const url = `${publicUrl ?? origin}/hooks/${systemName}/${token}`;
      return { id, url, ...(await register(caller, system, { id, entity, url })) };
    },

    /** By the id of a webhook there; null takes one away. Throws `not-found`, `forbidden`. */
    setSecrets: (
      caller: Caller,
      systemName: string,
      id: number,
      secrets: Readonly<Record<string, string | null>>,
    ): Promise<Hook> =>
      transaction(async (on) => {
        const system = await foundSystem(on, caller, systemName);
        needAdmin(caller);
        await foundHook(on, system.id, id);
        await keepSecrets(on, { systemId: system.id, hookId: id }, secrets);
        const after = { system: systemName, hook: id, webhooks: Object.keys(secrets) };
        await on.audit.add([auditEntry(caller, 'hook.secrets', { after })]);
        return foundHook(on, system.id, id);
      }),

    /** Later calls to the address get `not-found`. Throws `not-found`, `forbidden`. */
    remove: (caller: Caller, systemName: string, id: number): Promise<void> =>
      transaction(async (on) => {
        const system = await foundSystem(on, caller, systemName);
        needAdmin(caller);
        const { entity } = await foundHook(on, system.id, id);
        await on.hooks.remove(system.id, id);
        const before = { system: systemName, hook: id, entity };
        await on.audit.add([auditEntry(caller, 'hook.delete', { before })]);
      }),
  };

  /** The address is made, whatever becomes of this: it can be entered there by hand. */
  async function register(
    caller: Caller,
    system: RemoteSystemEntry,
    { id, entity, url }: { readonly id: number; readonly entity: string | null; readonly url: string },
  ): Promise<Pick<MadeHook, 'webhooks' | 'problem'>> {
    if (!systemKinds[system.kind].can.isPreparable) return { webhooks: [], problem: null };
    const entities = entity === null ? await entitiesOf(system) : [entity];
    if (entities.length === 0) return { webhooks: [], problem: 'No pair names an entity of it yet.' };
    try {
      const detail: Json = { url, entities };
      const end = await tasks.registerHook(caller, system.name, { systemId: system.id, detail });
      if ('failure' in end) return { webhooks: [], problem: end.failure };
      const { webhooks } = registered.parse(end.result);
      await keepSecrets(stores, { systemId: system.id, hookId: id }, webhooks);
      return { webhooks: Object.keys(webhooks), problem: null };
    } catch (error) {
      return { webhooks: [], problem: error instanceof Error ? error.message : String(error) };
    }
  }

  async function keepSecrets(
    { hooks }: Pick<Stores, 'hooks'>,
    hook: { readonly systemId: number; readonly hookId: number },
    secrets: Readonly<Record<string, string | null>>,
  ): Promise<void> {
    for (const [webhookId, key] of Object.entries(secrets)) {
      if (key === null) await hooks.removeSecret(hook, webhookId);
      else await hooks.setSecret(hook, webhookId, seal.seal(key, 'system-secret'));
    }
  }

  /** Those that pairs name. */
  async function entitiesOf({ id }: RemoteSystemEntry): Promise<string[]> {
    const { items } = await stores.pairConfigs.list('all', { limit: 10_000, after: null });
    const ends = items.flatMap(({ config, here, there }) => [
      ...(here.id === id ? [entityOf(config, 'here')] : []),
      ...(there.id === id ? [entityOf(config, 'there')] : []),
    ]);
    return [...new Set(ends.filter((entity) => entity !== null))].sort();
  }
}

function entityOf(config: Json, side: 'here' | 'there'): string | null {
  const parsed = z.object({ [side]: z.object({ entity: z.string() }) }).safeParse(config);
  return parsed.success ? (parsed.data[side]?.entity ?? null) : null;
}

async function foundHook({ hooks }: Pick<Stores, 'hooks'>, systemId: number, id: number): Promise<Hook> {
  const hook = await hooks.find(systemId, id);
  if (hook === null) throw notFound('hook');
  return hook;
}
