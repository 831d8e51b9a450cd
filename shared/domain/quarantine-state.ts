/** `open` waits for someone. */
export const quarantineStates = ['open', 'replayed', 'discarded'] as const;
export type QuarantineState = (typeof quarantineStates)[number];
