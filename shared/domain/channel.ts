/** One type of communication between a solution and the server; each has its own status. Source: ePack V4, Terms. */
export const channels = ['synchro', 'sondes', 'messagerie', 'photos'] as const;
export type Channel = (typeof channels)[number];

export function isChannel(name: string): name is Channel {
  return (channels as readonly string[]).includes(name);
}

/** One channel of one solution, to which a status, a flag or a sync belongs. */
export interface ChannelKey {
  readonly solutionId: number;
  readonly channel: Channel;
}
