/** What a request tells of the device that sent it. It is stored and shown, and decides nothing. */
export interface Device {
  /** How far its clock is ahead of ours; null: the request does not say what time it is there. */
  readonly clockSkewSeconds: number | null;
  /** Of its program; null: the request does not say. */
  readonly version: string | null;
}
