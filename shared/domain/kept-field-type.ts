/** The type of a field of a system, as stored or as it is now. */
export interface KeptFieldType {
  /** In the system's words. */
  readonly type: string;
  readonly isRequired: boolean;
}
