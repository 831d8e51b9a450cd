import type { RolloutRules, SolutionEdit } from '../../../shared/domain/rollout';
import type { Fields } from '../../../shared/domain/merge-copy';
import type { Caller } from '../../../shared/domain/staff';
import type { RolloutStore } from '../../../shared/stores/rollouts/rollout-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type {
  Difference,
  TemplateDifferenceStore,
} from '../../../shared/stores/templates/template-difference-store';
import type { TemplateSiteStore } from '../../../shared/stores/templates/template-site-store';
import type { TemplateStore } from '../../../shared/stores/templates/template-store';
import { mixed, planRollout, type RolloutDetail, rolloutDetail, type RolloutPlanStores } from './rollouts';
import { lockEditable } from './templates';

interface Stores extends RolloutPlanStores {
  readonly rollouts: RolloutStore;
  readonly templateDifferences: Pick<TemplateDifferenceStore, 'all' | 'markSent'>;
  readonly templates: Pick<TemplateStore, 'find' | 'lock' | 'noteRollout'>;
  readonly templateSites: Pick<TemplateSiteStore, 'ids' | 'lock'>;
}

export interface TemplateRolloutPlan {
  /** In percent of the kitchens in which something changes, for each wave but the last. */
  readonly wavePercents: readonly number[];
  readonly rules: RolloutRules;
}

export type TemplateRolloutService = ReturnType<typeof createTemplateRolloutService>;

/** A template goes out to its kitchens in waves. */
export function createTemplateRolloutService({ transaction }: StoreAccess<Stores>) {
  return {
    /**
     * Plans what the template would change now; nothing is sent before the approval. Later changes of the template are
     * not in it. Throws `not-found`, `forbidden`; `invalid-fields` if no kitchen would change.
     */
    plan: (caller: Caller, templateId: number, plan: TemplateRolloutPlan): Promise<RolloutDetail> =>
      transaction(async (stores) => {
        const { id, name, revision } = await lockEditable(stores, caller, templateId);
        const solutionIds = await stores.templateSites.lock(id, await stores.templateSites.ids(id));
        const scope = { templateId: id, revision, solutionIds, className: null, id: null };
        const differences = await stores.templateDifferences.all(scope);
        const rolloutId = await planRollout(stores, caller, {
          ...{ name, ...plan, target: { ids: mixed(sitesToChange(differences)) } },
          change: { kind: 'edits', edits: differences.flatMap(editsOf) },
        });
        await stores.templates.noteRollout({ rolloutId, templateId: id, revision });
        // What waits for its wave is marked when it is sent. What a kitchen kept goes on being a deviation.
        const unsent = differences.filter(({ editKind, ownKind }) => editKind !== null || ownKind === 'kept');
        await stores.templateDifferences.markSent(scope, unsent);
        return rolloutDetail(stores, caller, rolloutId);
      }),
  };
}

const sitesToChange = (differences: readonly Difference[]): number[] => [
  ...new Set(differences.filter(({ editKind }) => editKind !== null).map(({ solutionId }) => solutionId)),
];

/** Expects what the kitchen holds now: what it changes before its wave stays its own. */
function editsOf({ editKind, pending, wanted, held, ...entity }: Difference): SolutionEdit[] {
  const { solutionId, className, id } = entity;
  const key = { solutionId, className, id };
  switch (editKind) {
    case 'add':
      return [{ ...key, fields: wanted, expected: allNull(wanted) }];
    case 'change':
      return [{ ...key, fields: pending, expected: { ...allNull(pending), ...held?.fields } }];
    case 'remove':
      return [{ ...key, fields: null, expected: held?.fields ?? {} }];
    case null:
      return [];
  }
}

const allNull = (fields: Fields): Fields =>
  Object.fromEntries(Object.keys(fields).map((name) => [name, null]));
