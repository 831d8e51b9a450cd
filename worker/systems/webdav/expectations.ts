import { Trouble } from '../../pipeline/trouble';
import type { PathEntry } from '../tree/path-tree';

/** The revision of a folder means nothing. */
export const isAsExpected = (now: PathEntry | null, expected: PathEntry): boolean =>
  now !== null && now.isFolder === expected.isFolder && (now.isFolder || now.revision === expected.revision);

export const refusesItsOwnTag = (path: string): Trouble =>
  new Trouble('unavailable', `the server says that ${path} has changed, and shows the same ETag`);
