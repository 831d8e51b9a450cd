import { createFlagService } from '../../api/backoffice/services/flags';
import { createRolloutService, type RolloutPlan } from '../../api/backoffice/services/rollouts';
import { usualRolloutRules } from '../../shared/domain/rollout';
import { commandLineCaller } from '../../shared/domain/staff';
import type { Db } from '../../shared/db/database';
import { openStoreAccess } from '../../shared/stores/store-access';

/** Who plans rollouts in these tests. */
export const chief = { ...commandLineCaller, email: 'chief@example.org' };

/** What staff do with rollouts, without HTTP. */
export function openDesk(db: Db) {
  const rollouts = createRolloutService(openStoreAccess(db));
  const firstPage = { limit: 1_000, after: null };
  return {
    rollouts,
    flags: createFlagService(openStoreAccess(db)),
    /** A plan that nobody has approved yet. */
    async plan(plan: Pick<RolloutPlan, 'change' | 'target'> & Partial<RolloutPlan>) {
      const rules = { ...usualRolloutRules, ...plan.rules };
      return rollouts.plan(chief, { name: 'Test', wavePercents: [5, 25], ...plan, rules });
    },
    /** The state of each solution in the order of their turn, e.g. `sent` or `failed refused`. */
    async states(id: string): Promise<string[]> {
      const { items } = await rollouts.solutions(chief, id, { wave: null, state: null }, firstPage);
      return items.map(({ state, reasonCode }) => (reasonCode === null ? state : `${state} ${reasonCode}`));
    },
    async state(id: string): Promise<string> {
      const { state, wave } = await rollouts.get(chief, id);
      return `${state} ${wave}`;
    },
    approve: (id: string, wave = 1) => rollouts.approve(chief, id, wave),
  };
}
