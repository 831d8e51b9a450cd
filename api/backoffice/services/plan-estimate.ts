import { z } from 'zod';
import { callLimits } from '../../../shared/systems/settings-parts';
import type { Json } from '../../../shared/systems/references';

// The size of a plan, and the time to carry it out.

const value = z.union([z.string(), z.number(), z.boolean(), z.null(), z.looseObject({ xml: z.string() })]);
const summary = z.object({
  fields: z.array(
    z.object({
      side: z.enum(['here', 'there']),
      field: z.string(),
      changed: z.number(),
      made: z.number(),
      examples: z.array(z.object({ key: z.string(), before: value, after: value })),
    }),
  ),
  calls: z.object({ here: z.number(), there: z.number() }),
});
export type PlanSummary = z.output<typeof summary>;
export type PlannedField = PlanSummary['fields'][number];

/** As the worker wrote it. Null: it wrote none. */
export const readSummary = (kept: Json): PlanSummary | null => summary.safeParse(kept).data ?? null;

/** How long one side takes. */
export interface SideEstimate {
  readonly calls: number;
  readonly seconds: number;
  /** The limit that it was reckoned with; null: the system has none. */
  readonly perSecond: number | null;
}

export interface PlanEstimate {
  readonly here: SideEstimate;
  readonly there: SideEstimate;
  /** Both sides are called at the same time: the slower one counts. */
  readonly seconds: number;
}

/** The assumed duration of a call if no limit of the system gives it. */
export const usualCallSeconds = 0.25;

/** `limits`: of the settings of both systems. */
export function estimateOf(
  { calls }: Pick<PlanSummary, 'calls'>,
  configs: { readonly here: Json; readonly there: Json },
): PlanEstimate {
  const here = estimateSide(calls.here, configs.here);
  const there = estimateSide(calls.there, configs.there);
  return { here, there, seconds: Math.max(here.seconds, there.seconds) };
}

function estimateSide(calls: number, config: Json): SideEstimate {
  const { atOnce, perSecond } = limitsOf(config);
  const bySpeed = (calls * usualCallSeconds) / atOnce;
  const byLimit = perSecond === undefined ? 0 : calls / perSecond;
  return { calls, seconds: Math.max(bySpeed, byLimit), perSecond: perSecond ?? null };
}

const withLimits = z.looseObject({ limits: callLimits({ atOnce: 4 }) });
const usualLimits = callLimits({ atOnce: 4 }).parse(undefined);

const limitsOf = (config: Json) => withLimits.safeParse(config).data?.limits ?? usualLimits;
