/**
 * New readings that no alert has been judged by, as a job carries them: those with ids above `aboveId` up to `lastId`,
 * and those with the ids `lateIds`, which filled in below.
 */
export interface NewReadings {
  readonly aboveId: string;
  readonly lastId: string;
  readonly lateIds: readonly string[];
}

/** The subject of a job that judges readings: the readings of one sync of a solution. */
export const readingsSubjectOf = (solutionId: number, sync: string): string => `${solutionId}/${sync}`;

/** Returns the beginning that the subjects of all such jobs of one solution share, and the solution. */
export function solutionOfReadings(subject: string): {
  readonly solutionId: number;
  readonly prefix: string;
} {
  const solution = subject.slice(0, subject.indexOf('/'));
  return { solutionId: Number(solution), prefix: `${solution}/` };
}
