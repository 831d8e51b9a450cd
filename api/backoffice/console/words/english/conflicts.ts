import type { HoldReason } from '../../../../../shared/domain/successor';
import type { Side } from '../../../../../shared/domain/merge';
import type { ApprovalKind, ApprovalState } from '../../../../../shared/stores/parameters/approval-store';
import type { ConflictState } from '../../../../../shared/stores/parameters/conflict-store';
import { several } from './several';

/** Texts of conflicts and approvals. */
export const conflictsEnglish = {
  // Conflicts
  conflicts: 'Conflicts',
  conflictsMeaning:
    'Both sides changed the same field in different ways. Both copies stay as they are until someone decides.',
  allConflictsMeaning:
    'Fields that the kitchen and the manager changed in different ways, and how each conflict ended.',
  openOrAll: { open: 'Open', all: 'All' },
  noConflicts: 'No conflicts',
  noConflictsMeaning: 'There is nothing to decide.',
  bothCopies: 'Both copies',
  field: 'Field',
  agreedBefore: 'Last agreed value',
  managersCopy: 'Manager',
  solutionsCopy: 'Kitchen',
  disputed: 'disputed',
  wasDisputed: 'was disputed',
  keepManagers: 'Keep the manager’s',
  keepSolutions: 'Keep the kitchen’s',
  otherValues: 'Other values',
  takeThese: 'Use these',
  conflictStates: {
    open: 'open',
    decided: 'decided',
    resolved: 'decided by the rule of its class',
    superseded: 'no longer a conflict',
  } satisfies Record<ConflictState, string>,
  resolutions: {
    manager: 'the manager’s copy',
    solution: 'the kitchen’s copy',
    fields: 'a mix of both, or new values',
  } satisfies Record<Side | 'fields', string>,
  // Approvals
  approvals: 'Approvals',
  approvalsMeaning: 'Synchronisations with so many or such doubtful changes that someone must approve them.',
  noApprovals: 'Nothing to approve',
  noApprovalsMeaning: 'No synchronisation wanted to change too much.',
  toDelete: (count: number, className: string) => `${className}: ${several(count, 'deletion', 'deletions')}`,
  toChange: (count: number, className: string) => `${className}: ${several(count, 'change', 'changes')}`,
  /** The reasons of approvals of the kind `changes`. Other approvals wait because of the limit of the class. */
  approvalReasons: {
    'first-upload':
      'This is the first upload of a new device. It may contain factory settings, or the settings of an old backup.',
    'many-changes':
      'More than half of the class would change at once. The device may have lost its settings, or it sends old ones.',
    resend: 'Staff asked the kitchen to send all settings again, and what the kitchen has is different.',
    drift: 'The device reports that it has something other than what it was sent.',
  } satisfies Record<HoldReason, string>,
  approvalKinds: {
    deletes: 'The kitchen has deleted them.',
    replace: 'The kitchen replaces everything, and it no longer has these.',
    changes: 'The kitchen changed or added more at once than this class allows.',
    'replace-logs':
      'The kitchen replaces everything. It no longer has these readings, or they are different there.',
  } satisfies Record<ApprovalKind, string>,
  approvalStates: {
    open: 'open',
    approved: 'approved',
    rejected: 'rejected',
    superseded: 'superseded',
  } satisfies Record<ApprovalState, string>,
  whichOnes: 'Which ones',
  approve: 'Approve: delete them',
  reject: 'Reject: keep them',
};

export type ConflictsWords = typeof conflictsEnglish;
