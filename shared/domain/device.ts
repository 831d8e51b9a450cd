/** What a request says about the device that sent it. It is stored and shown, but nothing depends on it. */
export interface Device {
  /** How far its clock is ahead of ours. Null: the request does not contain the time of the device. */
  readonly clockSkewSeconds: number | null;
  /** The version of its program. Null: the request does not contain it. */
  readonly version: string | null;
}
