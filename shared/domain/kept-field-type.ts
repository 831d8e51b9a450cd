/** What a field of a system was, or is. */
export interface KeptFieldType {
  /** In the system's words. */
  readonly type: string;
  readonly isRequired: boolean;
}
