import { outOfReach } from './out-of-reach';

/** The messages that are being published: a queue that is closed waits for them. */
export function createMessagesUnderWay() {
  const underWay = new Set<Promise<void>>();
  return {
    /** Throws `unavailable` if the message could not be published. */
    async sent(sending: Promise<void>): Promise<void> {
      underWay.add(sending);
      try {
        await sending;
      } catch (error) {
        throw outOfReach(error);
      } finally {
        underWay.delete(sending);
      }
    },

    /** Resolves once each of them was published or has failed. */
    async settled(): Promise<void> {
      await Promise.allSettled(underWay);
    },
  };
}
