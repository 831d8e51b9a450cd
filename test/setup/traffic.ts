import type { Traffic } from '../../api/services/traffic';

/** Traffic of which nobody exports figures. */
export const newTraffic = (): Traffic => ({
  polls: 0,
  waitingPolls: 0,
  uploadTaken: () => undefined,
  uploadRefused: () => undefined,
});
