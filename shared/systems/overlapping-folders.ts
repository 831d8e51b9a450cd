import { z } from 'zod';
import type { Problem } from './problem';
import { hasReference } from './references';

/** A side of a pair: a folder of a system, and the root of the pair in it. */
export interface SideFolder {
  /** The folder of the system. Undefined: the system is no folder of this machine. */
  readonly folder: string | undefined;
  readonly root: unknown;
}

/**
 * Two systems may be folders of one machine. If one side lies in the other, each run finds what the run before has
 * written, and writes it one folder deeper. Links are not followed here: a run looks at the folders themselves.
 */
export function overlapProblems(here: SideFolder, there: SideFolder): Problem[] {
  const [one, other] = [namesOf(here), namesOf(there)];
  if (one === null || other === null) return [];
  const [shorter, longer] = one.length < other.length ? [one, other] : [other, one];
  if (!shorter.every((name, depth) => name === longer[depth])) return [];
  return [{ path: ['there'], reason: 'must not be, hold or lie in the folder of "here"' }];
}

/** Null: the path is not known before it is used. */
function namesOf({ folder, root }: SideFolder): readonly string[] | null {
  if (folder === undefined || hasReference(folder)) return null;
  const names: string[] = [];
  for (const name of `${folder}/${typeof root === 'string' ? root : ''}`.split('/'))
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  return names;
}

const folderSettings = z.looseObject({ folder: z.string() });

/** The folder of a system of the kind `file-tree`. Undefined: it is of another kind. */
export const folderIn = (kind: string, config: unknown): string | undefined =>
  kind === 'file-tree' ? folderSettings.safeParse(config).data?.folder : undefined;
