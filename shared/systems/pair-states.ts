// The states of jobs, links, runs and plans of a pair.

export const linkStates = [
  'creating',
  'active',
  'conflict',
  'quarantined',
  'deleted-here',
  'deleted-there',
  'gone',
] as const;

/** `waiting`: for a parent or a link's target; `held`: for an approval or a decision; `failed`: it is tried again. */
export const linkJobStates = [
  'new',
  'running',
  'waiting',
  'held',
  'failed',
  'done',
  'skipped',
  'given-up',
] as const;

export const planStates = ['making', 'ready', 'approved', 'done', 'rejected', 'outdated', 'failed'] as const;

export const runKinds = ['check', 'whole', 'plan', 'hints', 'take-back'] as const;
