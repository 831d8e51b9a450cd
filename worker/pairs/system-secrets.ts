import { type CallLimits, createLimiter } from '../outside/limiter';
import type { Db } from '../../shared/db/database';
import type { Seal } from '../../shared/seal/seal';
import { createSystemStore } from '../../shared/stores/pairs/system-store';
import { namesAskedFor, withSecrets } from '../../shared/systems/references';
import type { Limiter } from '../systems/remote-system';
import type { PairSystemsDeps } from './pair-systems';

export interface SecretsDeps {
  readonly db: Db;
  readonly seal: Seal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Inserts secrets into settings. Secrets in the database take precedence over the environment. */
export function secretsFrom({ db, seal, environment }: SecretsDeps): PairSystemsDeps['secretsOf'] {
  return async ({ id, config }) => {
    const sealed = await createSystemStore(db).secretsOf(id);
    const kept = new Map([...sealed].map(([name, value]) => [name, seal.open(value, 'system-secret')]));
    const valueOf = (name: string) => kept.get(name) ?? environment[name];
    const values = namesAskedFor(config).flatMap((name) => valueOf(name) ?? []);
    return { config: withSecrets(config, valueOf), secrets: values.filter((value) => value !== '') };
  };
}

/** One limiter for each installed system: its limits apply to all its callers in this process together. */
export function createLimiters(): PairSystemsDeps['limiterOf'] {
  const known = new Map<number, KnownLimiter>();
  return (system, limits) => {
    const before = known.get(system.id);
    const text = JSON.stringify(limits);
    if (before?.text !== text) {
      const made = stableLimiter(limits, text);
      known.set(system.id, made);
      return made.limiter;
    }
    // Someone has resumed the system.
    if (system.state !== 'throttled') before.endRest();
    return before.limiter;
  };
}

interface KnownLimiter {
  readonly text: string;
  readonly limiter: Limiter;
  endRest(): void;
}

function stableLimiter(limits: CallLimits, text: string): KnownLimiter {
  let inner = createLimiter(limits);
  let hasRested = false;
  return {
    text,
    limiter: {
      run: (call, signal) => inner.run(call, signal),
      rest(milliseconds) {
        hasRested = true;
        inner.rest(milliseconds);
      },
    },
    endRest() {
      if (!hasRested) return;
      hasRested = false;
      inner = createLimiter(limits);
    },
  };
}
