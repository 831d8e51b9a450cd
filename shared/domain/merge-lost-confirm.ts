import { type Copy, fieldOf, sameCopy, sameValue } from './merge-copy';

/**
 * The copy on which both sides last agreed, where packages were sent of which nobody knows whether the solution
 * carried them out (their confirmation never came, then staff reset the status).
 *
 * `sent`: what those packages told of the entity, the latest first. A solution that shows any value which such
 * a package alone could have given it has carried that package out: its copy then counts as agreed. Else its own
 * write coming back would look like a change by the solution, and undo what the manager did since.
 */
export function lastAgreed(base: Copy | null, sent: readonly Copy[], solution: Copy): Copy | null {
  if (sameCopy(base, solution)) return base;
  return sent.find((copy) => wasCarriedOut(copy, base, solution)) ?? base;
}

function wasCarriedOut(sent: Copy, base: Copy | null, solution: Copy): boolean {
  if (!sent.isActive) return !solution.isActive;
  // If the solution never sent this Id before, it can only know it from the package.
  if (base?.isActive !== true) return true;
  // Nobody can tell whether it was deleted before or after the package. We assume that the solution did not see the
  // manager's change, so that the change is kept.
  if (!solution.isActive) return false;
  return Object.keys({ ...base.fields, ...sent.fields }).some((name) => {
    const sentValue = fieldOf(sent.fields, name);
    return (
      !sameValue(sentValue, fieldOf(base.fields, name)) &&
      sameValue(sentValue, fieldOf(solution.fields, name))
    );
  });
}
