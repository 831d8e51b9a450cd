/**
 * `open` waits for someone; `settled`: the solution has since sent a version that could be stored, so nobody needs to
 * decide.
 */
export const quarantineStates = ['open', 'replayed', 'discarded', 'settled'] as const;
export type QuarantineState = (typeof quarantineStates)[number];
