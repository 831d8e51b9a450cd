/**
 * The status of a channel, as the wire spells it. 0: nothing is in progress. 1: a package has been received. 2: an
 * instruction package is ready. Source: ePack V4, The status.
 */
export type Statut = 0 | 1 | 2;

/** Every change that a status may make, and what causes it. Any other change is a defect. */
export const statutMoves = {
  uploadClaimed: { from: 0, to: 1 },
  uploadRefused: { from: 1, to: 0 },
  packageReady: { from: 1, to: 2 },
  confirmed: { from: 2, to: 0 },
} as const satisfies Record<string, { from: Statut; to: Statut }>;

export function statutFrom(value: number): Statut {
  if (value === 0 || value === 1 || value === 2) return value;
  throw new RangeError(`not a status: ${value}`);
}
