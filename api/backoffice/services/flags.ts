import { haveEffect } from '../../../shared/catalog/special-syncs';
import { type Db, inTransaction } from '../../../shared/db/database';
import type { Channel, ChannelKey } from '../../../shared/domain/channel';
import type { Flag } from '../../../shared/domain/flag';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import { type AuditEntry, createAuditStore } from '../../../shared/stores/staff/audit-store';
import { createChannelResetStore } from '../../../shared/stores/syncs/channel-reset-store';
import { createFlagStore } from '../../../shared/stores/solutions/flag-store';
import {
  createReplacementStore,
  type DueReplacement,
} from '../../../shared/stores/parameters/replacement-store';
import {
  createSolutionAdminStore,
  type SolutionFilter,
} from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

/** Solutions by their ids, or all that a filter finds. */
export type Selection = { readonly ids: readonly number[] } | { readonly filter: SolutionFilter };

export type FlagService = ReturnType<typeof createFlagService>;

/** Special synchronisations. Source: ePack V4, Special synchronisations. */
export function createFlagService({ db }: { readonly db: Db }) {
  return {
    /** `reset-status` acts at once and is not kept. Throws `not-found`, `forbidden`. */
    async set(caller: Caller, { solutionId, channel }: ChannelKey, flag: Flag): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        await needVisible(trx, caller, solutionId);
        needEditor(caller);
        await raise(trx, caller, [solutionId], channel, flag);
      });
    },

    /** All of the solutions or none: one that the caller does not see is `not-found`. */
    async setMany(caller: Caller, selection: Selection, channel: Channel, flag: Flag): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        const solutionIds = await select(trx, caller, selection);
        needEditor(caller);
        await raise(trx, caller, solutionIds, channel, flag);
      });
    },

    /**
     * A flag that is not set is no error; what the solution could not carry out of it is not told again either.
     * Throws `not-found`, `forbidden`.
     */
    async clear(caller: Caller, key: ChannelKey, flag: Flag): Promise<void> {
      await inTransaction(db, async ({ db: trx }) => {
        await needVisible(trx, caller, key.solutionId);
        needEditor(caller);
        const wasSet = await createFlagStore(trx).clear(key, flag);
        const cancelled = tellsWhole(flag) ? await createReplacementStore(trx).cancel(key) : [];
        if (!wasSet && cancelled.length === 0) return;
        const deed = { solutionId: key.solutionId, before: { channel: key.channel, flag, cancelled } };
        await createAuditStore(trx).add([auditEntry(caller, 'flag.clear', deed)]);
      });
    },

    /** Classes and tables that the solution was told to replace, and has not. Throws `not-found`. */
    async replacements(caller: Caller, solutionId: number): Promise<DueReplacement[]> {
      await needVisible(db, caller, solutionId);
      return createReplacementStore(db).list(solutionId);
    },
  };
}

const tellsWhole = (flag: Flag) =>
  haveEffect([flag], 'tells-all-parameters') || haveEffect([flag], 'tells-all-logs');

async function select(db: Db, caller: Caller, selection: Selection): Promise<number[]> {
  const solutions = createSolutionAdminStore(db);
  if ('filter' in selection) return solutions.idsMatching(caller.accounts, selection.filter);
  const visible = await solutions.visibleOf(caller.accounts, selection.ids);
  if (visible.length !== new Set(selection.ids).size) throw notFound('solution');
  return visible;
}

async function raise(
  db: Db,
  caller: Caller,
  solutionIds: readonly number[],
  channel: Channel,
  flag: Flag,
): Promise<void> {
  if (haveEffect([flag], 'frees-channel')) {
    await reset(db, caller, solutionIds, channel, flag);
    return;
  }
  await createFlagStore(db).set(solutionIds, channel, flag, caller.email);
  await createAuditStore(db).add(
    solutionIds.map((solutionId) => auditEntry(caller, 'flag.set', { solutionId, after: { channel, flag } })),
  );
}

async function reset(
  db: Db,
  caller: Caller,
  solutionIds: readonly number[],
  channel: Channel,
  flag: Flag,
): Promise<void> {
  const given = await createChannelResetStore(db).reset(solutionIds, channel);
  const givenBySolution = new Map(given.map((one) => [one.solutionId, one]));
  const entries = solutionIds.map((solutionId): AuditEntry => {
    const busy = givenBySolution.get(solutionId);
    const before = { channel, statut: String(busy?.statut ?? 0), abandoned: busy?.syncId ?? null };
    const after = { channel, flag, statut: '0' };
    return auditEntry(caller, 'flag.set', { solutionId, before, after });
  });
  await createAuditStore(db).add(entries);
}
