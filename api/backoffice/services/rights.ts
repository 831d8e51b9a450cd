import { type Caller, isAdmin, mayEdit } from '../../../shared/domain/staff';
import { forbidden, notFound } from '../../../shared/errors/catalog';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';

/** Throws `forbidden`. */
export function needAdmin(caller: Caller): void {
  if (!isAdmin(caller)) throw forbidden();
}

/** Throws `forbidden`. Ask it after `needVisible`: what one may not see is not there, whatever one's role. */
export function needEditor(caller: Caller): void {
  if (!mayEdit(caller)) throw forbidden();
}

/** Throws `not-found` where there is no such solution, and where it is another account's. */
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
