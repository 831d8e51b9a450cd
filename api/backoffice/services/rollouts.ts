import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import { haveEffect } from '../../../shared/catalog/special-syncs';
import type { Page, PageRequest } from '../../../shared/domain/page';
import {
  type RolloutChange,
  type RolloutRules,
  type SettingEdit,
  type SolutionEdit,
  waveSizes,
} from '../../../shared/domain/rollout';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { Caller } from '../../../shared/domain/staff';
import type { AuditAction } from '../../../shared/domain/audit-action';
import { editedBySolution, invalidFields, notFound, rolloutNotReady } from '../../../shared/errors/catalog';
import { validateFields } from '../../../shared/formats/parameter-values';
import { isEntityId } from '../../../shared/formats/xml-entity';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type {
  Rollout,
  RolloutSolution,
  RolloutSolutionFilter,
  RolloutStore,
  RolloutWave,
} from '../../../shared/stores/rollouts/rollout-store';
import type { RolloutRoundStore } from '../../../shared/stores/rollouts/rollout-round-store';
import type { FlagStore } from '../../../shared/stores/solutions/flag-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { type Selection, selectSolutions } from './flags';
import { needEditor } from './rights';
import { auditEntry } from './trail';

/** What planning a rollout touches. */
export interface RolloutPlanStores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly rollouts: Pick<RolloutStore, 'insert' | 'addEdits'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'idsMatching' | 'visibleOf'>;
}

interface Stores extends RolloutPlanStores {
  readonly flags: Pick<FlagStore, 'takeBack'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly rollouts: RolloutStore;
  readonly rolloutRounds: Pick<RolloutRoundStore, 'untakenFlags'>;
}

/** Fields whose values are not validated yet. */
type GivenFields = Readonly<Record<string, unknown>>;

/** A change of settings as someone gives it. */
export type GivenSettingEdit = ({ readonly id: string } | { readonly where: GivenFields }) & {
  readonly className: string;
  readonly fields: GivenFields | null;
};

export type GivenChange =
  | Exclude<RolloutChange, { readonly kind: 'settings' }>
  | { readonly kind: 'settings'; readonly edits: readonly GivenSettingEdit[] };

export interface RolloutPlan {
  readonly name: string;
  readonly change: GivenChange;
  /** The solutions. Of `edits`, they are those of the edits, in the order of their first edit. */
  readonly target: Selection | 'of-the-edits';
  /** In percent of all solutions, for each wave but the last. */
  readonly wavePercents: readonly number[];
  readonly rules: RolloutRules;
}

export interface RolloutDetail extends Rollout {
  readonly waves: readonly RolloutWave[];
}

export type RolloutService = ReturnType<typeof createRolloutService>;

/** Rollouts: a change for many solutions, wave by wave. */
export function createRolloutService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Nothing is sent before the approval. Throws `not-found`, `forbidden`, `invalid-fields`, `edited-by-solution`. */
    async plan(caller: Caller, plan: RolloutPlan): Promise<RolloutDetail> {
      return transaction(async (stores) =>
        rolloutDetail(stores, caller, await planRollout(stores, caller, plan)),
      );
    },

    /** `isOpen` null: those that have ended as well. */
    list: (caller: Caller, isOpen: boolean | null, page: PageRequest<string>): Promise<Page<Rollout>> =>
      stores.rollouts.list({ accounts: caller.accounts, isOpen }, page),

    /** Throws `not-found`. */
    get: (caller: Caller, id: string): Promise<RolloutDetail> => rolloutDetail(stores, caller, id),

    /** Throws `not-found`. */
    async solutions(
      caller: Caller,
      id: string,
      filter: Omit<RolloutSolutionFilter, 'accounts'>,
      page: PageRequest<number>,
    ): Promise<Page<RolloutSolution>> {
      await found(stores, caller, id);
      return stores.rollouts.solutions(id, { ...filter, accounts: caller.accounts }, page);
    },

    /** Lets a wave begin. Throws `not-found`, `forbidden`, `not-ready`. */
    approve: (caller: Caller, id: string, wave: number): Promise<RolloutDetail> =>
      steer(caller, id, {
        action: 'rollout.approve',
        after: { wave },
        act: ({ rollouts }) => rollouts.approve(id, wave, caller.email),
      }),

    /** No further wave begins; what was sent stays sent. Throws `not-found`, `forbidden`, `not-ready`. */
    pause: (caller: Caller, id: string): Promise<RolloutDetail> =>
      steer(caller, id, { action: 'rollout.pause', act: ({ rollouts }) => rollouts.pause(id) }),

    /** Goes on, whatever has failed so far. Throws `not-found`, `forbidden`, `not-ready`. */
    resume: (caller: Caller, id: string): Promise<RolloutDetail> =>
      steer(caller, id, { action: 'rollout.resume', act: ({ rollouts }) => rollouts.resume(id) }),

    /**
     * Ends it. Flags that no sync has begun to carry out are taken back; settings that were sent stay. Throws
     * `not-found`, `forbidden`, `not-ready`.
     */
    cancel: (caller: Caller, id: string): Promise<RolloutDetail> =>
      steer(caller, id, { action: 'rollout.cancel', act: (stores) => cancel(stores, caller, id) }),
  };

  interface Steering {
    readonly action: AuditAction;
    readonly after?: object;
    /** False: the state of the rollout does not allow it. */
    readonly act: (stores: Stores) => Promise<boolean>;
  }

  function steer(caller: Caller, id: string, { action, after, act }: Steering): Promise<RolloutDetail> {
    return transaction(async (stores) => {
      await found(stores, caller, id);
      needEditor(caller);
      await stores.rollouts.lock(id);
      const { state, wave } = await found(stores, caller, id);
      if (!(await act(stores))) throw rolloutNotReady(state, wave);
      await stores.audit.add([
        auditEntry(caller, action, {
          before: { rollout: id, state, wave },
          after: { rollout: id, ...after },
        }),
      ]);
      await stores.jobs.add({ kind: 'rollouts.advance', subject: id });
      return rolloutDetail(stores, caller, id);
    });
  }
}

/**
 * Plans a rollout in a transaction of the caller's, and returns its id. All of the solutions or none: one that the
 * caller does not see is `not-found`. Throws `forbidden`, `invalid-fields`, `edited-by-solution`.
 */
export async function planRollout(
  stores: RolloutPlanStores,
  caller: Caller,
  plan: RolloutPlan,
): Promise<string> {
  const solutionIds = await solutionsOf(stores, caller, plan);
  needEditor(caller);
  if (solutionIds.length === 0) throw invalidFields([{ field: 'solutions', fault: { code: 'empty' } }]);
  const change = checked(plan.change);
  const { name, rules } = plan;
  const id = await stores.rollouts.insert({
    ...{ name, rules, solutionIds, by: caller.email },
    change: change.kind === 'edits' ? { kind: 'edits' } : change,
    waveSizes: waveSizes(solutionIds.length, plan.wavePercents),
  });
  if (change.kind === 'edits') await stores.rollouts.addEdits(id, change.edits);
  const deed = { rollout: id, name, ...auditedChange(change), solutions: solutionIds.length, ...rules };
  await stores.audit.add([auditEntry(caller, 'rollout.plan', { after: deed })]);
  return id;
}

/** Solutions by ids come to their turn in the order in which they are named, those of a filter in no order. */
async function solutionsOf(
  stores: RolloutPlanStores,
  caller: Caller,
  { target, change }: RolloutPlan,
): Promise<readonly number[]> {
  const named = target === 'of-the-edits' ? { ids: idsOfEdits(change) } : target;
  const visible = await selectSolutions(stores, caller, named);
  return 'ids' in named ? [...new Set(named.ids)] : mixed(visible);
}

const idsOfEdits = (change: GivenChange): number[] =>
  change.kind === 'edits' ? [...new Set(change.edits.map(({ solutionId }) => solutionId))] : [];

/** In an order that has nothing to do with their age: the first wave is to be like the others. */
export const mixed = (ids: readonly number[]): number[] =>
  [...ids].sort((one, other) => Math.imul(one, spread) - Math.imul(other, spread));

const spread = 0x9e3779b1;

function checked(change: GivenChange): RolloutChange {
  if (change.kind === 'flag') {
    // It takes effect at once, so there is nothing to wait for.
    if (haveEffect([change.flag], 'frees-channel'))
      throw invalidFields([{ field: 'flag', fault: { code: 'other', text: 'not for waves' } }]);
    return change;
  }
  return change.kind === 'settings'
    ? { kind: 'settings', edits: change.edits.map(checkedSetting) }
    : { kind: 'edits', edits: change.edits.map(checkedEdit) };
}

function checkedSetting(edit: GivenSettingEdit): SettingEdit {
  const parameterClass = neededClass(edit.className);
  const className = parameterClass.name;
  const fields = edit.fields === null ? null : checkedFields(parameterClass, edit.fields);
  if ('where' in edit) return { className, where: checkedFields(parameterClass, edit.where), fields };
  return { className, id: checkedId(edit.id), fields };
}

function checkedEdit(edit: SolutionEdit): SolutionEdit {
  const parameterClass = neededClass(edit.className);
  const fields = edit.fields === null ? null : checkedFields(parameterClass, edit.fields);
  return { ...edit, className: parameterClass.name, id: checkedId(edit.id), fields };
}

function checkedId(id: string): string {
  if (!isEntityId(id)) throw invalidFields([{ field: 'Id', fault: { code: 'not-an-id' } }]);
  return id;
}

function checkedFields(parameterClass: ParameterClass, given: GivenFields): Fields {
  const { fields, problems } = validateFields(parameterClass, given);
  if (problems.length > 0) throw invalidFields(problems);
  return fields;
}

function neededClass(className: string): ParameterClass {
  const parameterClass = findParameterClass(className);
  if (parameterClass === undefined)
    throw invalidFields([{ field: 'class', fault: { code: 'no-such-class', className } }]);
  if (parameterClass.direction === 'solution') throw editedBySolution(parameterClass.name);
  return parameterClass;
}

const auditedChange = (change: RolloutChange) =>
  change.kind === 'edits' ? { kind: change.kind, edits: change.edits.length } : change;

async function cancel(stores: Stores, caller: Caller, id: string): Promise<boolean> {
  const untaken = await stores.flags.takeBack(await stores.rolloutRounds.untakenFlags(id));
  await stores.audit.add(
    untaken.map(({ solutionId, channel, flag }) =>
      auditEntry(caller, 'flag.clear', { solutionId, before: { channel, flag, rollout: id } }),
    ),
  );
  return stores.rollouts.cancel(
    id,
    untaken.map(({ solutionId }) => solutionId),
  );
}

/** Throws `not-found`. */
async function found({ rollouts }: Pick<Stores, 'rollouts'>, caller: Caller, id: string): Promise<Rollout> {
  const rollout = await rollouts.find(caller.accounts, id);
  if (rollout === null) throw notFound('rollout');
  return rollout;
}

/** Throws `not-found`. */
export async function rolloutDetail(
  stores: Pick<Stores, 'rollouts'>,
  caller: Caller,
  id: string,
): Promise<RolloutDetail> {
  const rollout = await found(stores, caller, id);
  return { ...rollout, waves: await stores.rollouts.waves(id) };
}
