import { type Caller, isAdmin, mayEdit } from '../../../shared/domain/staff';
import { forbidden, notFound } from '../../../shared/errors/catalog';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';

/** Throws `forbidden`. */
export function needAdmin(caller: Caller): void {
  if (!isAdmin(caller)) throw forbidden();
}

/**
 * Throws `forbidden`. Call it after `needVisible`: what the caller may not see does not exist for them, whatever their
 * role.
 */
export function needEditor(caller: Caller): void {
  if (!mayEdit(caller)) throw forbidden();
}

/** Throws `not-found` if there is no such solution, or if it belongs to another account. */
export async function needVisible(
  { solutionAdmin }: { readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'> },
  caller: Caller,
  solutionId: number,
): Promise<void> {
  const isVisible = await solutionAdmin.isVisible(caller.accounts, solutionId);
  if (!isVisible) throw notFound('solution');
}

/** As `needVisible`, and nobody else may edit it before the transaction ends. */
export async function lockVisible(
  { solutionAdmin }: { readonly solutionAdmin: Pick<SolutionAdminStore, 'lock'> },
  caller: Caller,
  solutionId: number,
): Promise<void> {
  const isVisible = await solutionAdmin.lock(caller.accounts, solutionId);
  if (!isVisible) throw notFound('solution');
}
