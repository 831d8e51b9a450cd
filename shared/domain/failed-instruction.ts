/** An instruction that the solution could not carry out. Source: ePack V4, confirm. */
export interface FailedInstruction {
  /** Name inside the package; compared without case. */
  readonly file: string;
  /** Empty: all of the file. */
  readonly id: string;
  readonly reason: string;
}

/** After that many failures in a row a solution is told no more of it, until the manager's side changes. */
export const maxFailures = 5;
