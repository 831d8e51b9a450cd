/** `open` waits for someone; `settled`: the solution has sent since what could be stored, and nobody needs to decide. */
export const quarantineStates = ['open', 'replayed', 'discarded', 'settled'] as const;
export type QuarantineState = (typeof quarantineStates)[number];
