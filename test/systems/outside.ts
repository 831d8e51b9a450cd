import { createLimiter } from '../../worker/outside/limiter';
import type { ObservedCall, Outside } from '../../worker/systems/remote-system';

export interface TestOutside extends Outside {
  readonly observed: ObservedCall[];
}

export function testOutside(system = 'test'): TestOutside {
  const observed: ObservedCall[] = [];
  return {
    system,
    limiter: createLimiter({ atOnce: 8 }),
    observe: (call) => observed.push(call),
    observed,
  };
}
