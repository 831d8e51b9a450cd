/** The process dies before or after one of its steps; whatever comes back afterwards is lost. */
export interface Kill {
  /** The step, the first being 1. */
  readonly at: number;
  readonly when: 'before' | 'after';
  step: number;
  isDead: boolean;
  /** Names of the steps that were begun. */
  readonly log: string[];
}

export const createKill = (at = Infinity, when: Kill['when'] = 'before'): Kill => ({
  at,
  when,
  step: 0,
  isDead: false,
  log: [],
});

export class Killed extends Error {
  override readonly name = 'Killed';
}

/** One step that others can see: it is not done, or it is done and nobody learns of it. */
export async function step<T>(kill: Kill, name: string, run: () => T | Promise<T>): Promise<T> {
  if (kill.isDead) throw new Killed('dead');
  kill.step += 1;
  const isMine = kill.step === kill.at;
  kill.log.push(name);
  if (isMine && kill.when === 'before') return die(kill, `before ${name}`);
  const value = await run();
  return isMine && kill.when === 'after' ? die(kill, `after ${name}`) : value;
}

function die(kill: Kill, message: string): never {
  kill.isDead = true;
  throw new Killed(message);
}
