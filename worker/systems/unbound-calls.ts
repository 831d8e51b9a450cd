import type { System } from '../pipeline/system';
import { Trouble } from '../pipeline/trouble';

/** The calls of a system that was opened only to be probed. `missing`: what it lacks, such as `an entity type`. */
export function callsWithout(missing: string): Omit<System, 'capabilities'> {
  const none = () => Promise.reject(new Trouble('invalid', `it was opened without ${missing}`));
  return {
    async *list() {
      yield await none();
    },
    fetch: none,
    find: none,
    create: none,
    update: none,
    move: none,
    delete: none,
  };
}
