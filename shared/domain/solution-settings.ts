/** The ways in which a solution signs in. `mac`: older solutions, which send no secret. Source: ePack V4, login. */
export const loginPolicies = ['secret', 'mac'] as const;
export type LoginPolicy = (typeof loginPolicies)[number];

/** When a package counts as carried out. `on-download`: older solutions, which never confirm. */
export const confirmations = ['explicit', 'on-download'] as const;
export type Confirmation = (typeof confirmations)[number];

/** active: neither blocked nor locked. busy: a channel is not at 0. */
export const solutionStates = ['active', 'blocked', 'locked', 'busy'] as const;
export type SolutionState = (typeof solutionStates)[number];
