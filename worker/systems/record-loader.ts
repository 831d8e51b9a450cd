/** Makes records, or changes them, by an external id: whoever sends the same rows again changes nothing. */
export interface RecordLoader {
  /**
   * All of the rows or none of them. The first of `fields` is `id`: the external id. Throws `Trouble` where no answer came,
   * and where it does not let us in.
   */
  load(rows: LoadedRows, signal: AbortSignal): Promise<LoadVerdict>;
}

export interface LoadedRows {
  readonly model: string;
  readonly fields: readonly string[];
  /** An empty text: the field holds nothing. */
  readonly rows: readonly (readonly string[])[];
}

export type LoadVerdict =
  | { readonly kind: 'loaded' }
  /** A sentence of the server's: it takes them as little another time. */
  | { readonly kind: 'refused'; readonly reason: string };
