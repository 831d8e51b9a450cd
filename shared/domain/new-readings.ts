/**
 * Readings by which no alert has been judged yet, as a job carries them: those with ids above `aboveId` up to `lastId`,
 * and those with the ids `lateIds`, which filled in below.
 */
export interface NewReadings {
  readonly aboveId: string;
  readonly lastId: string;
  readonly lateIds: readonly string[];
}

/** What a job that judges readings is about: the readings of a solution that one sync brought. */
export const readingsSubjectOf = (solutionId: number, sync: string): string => `${solutionId}/${sync}`;

/** What the subjects of all such jobs of the same solution begin with, and the solution. */
export function solutionOfReadings(subject: string): {
  readonly solutionId: number;
  readonly prefix: string;
} {
  const solution = subject.slice(0, subject.indexOf('/'));
  return { solutionId: Number(solution), prefix: `${solution}/` };
}
