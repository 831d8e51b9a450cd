/** How long what belongs to an account is kept. Null: files as configured for all, readings for ever. */
export interface Retention {
  /** Uploads and packages, from their receipt. */
  readonly fileDays: number | null;
  /** Rows of logs, from the time that they were measured. */
  readonly readingDays: number | null;
}

/** Absent members stay as they are. */
export type RetentionChange = { readonly [Part in keyof Retention]?: Retention[Part] | undefined };

/** In days; the database holds to it as well. */
export const retentionLimits = { least: 1, most: 36_500 } as const;

export const isSameRetention = (one: Retention, other: Retention): boolean =>
  one.fileDays === other.fileDays && one.readingDays === other.readingDays;

/** The retention after a change. */
export const changedRetention = (before: Retention, change: RetentionChange): Retention => ({
  fileDays: change.fileDays === undefined ? before.fileDays : change.fileDays,
  readingDays: change.readingDays === undefined ? before.readingDays : change.readingDays,
});
