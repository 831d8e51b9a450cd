/** One entity of one class of one solution. */
export interface SolutionEntity {
  readonly solutionId: number;
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly id: string;
}
