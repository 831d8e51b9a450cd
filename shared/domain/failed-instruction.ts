/** An instruction that the solution could not carry out. Source: ePack V4, confirm. */
export interface FailedInstruction {
  /** Name inside the package; compared without case. */
  readonly file: string;
  /** Empty: the whole file. */
  readonly id: string;
  readonly reason: string;
}

/** After this many failures in a row, the instruction is not sent again until the manager's copy changes. */
export const maxFailures = 5;
