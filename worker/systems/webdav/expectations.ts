import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';

/** A folder has no revision that says anything. */
export const isAsExpected = (now: PathEntry | null, expected: PathEntry): boolean =>
  now !== null && now.isFolder === expected.isFolder && (now.isFolder || now.revision === expected.revision);

export const refusesItsOwnTag = (path: string): Trouble =>
  new Trouble('unavailable', `the server says that ${path} has changed, and shows the same ETag`);
