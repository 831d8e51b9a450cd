/** Creates or changes records by an external id: sending the same rows again changes nothing. */
export interface RecordLoader {
  /**
   * Loads all rows or none. The first of `fields` is `id`: the external id. Throws `Trouble` if the system did not
   * reply, or refused our credentials.
   */
  load(rows: LoadedRows, signal: AbortSignal): Promise<LoadVerdict>;
}

export interface LoadedRows {
  readonly model: string;
  readonly fields: readonly string[];
  /** An empty text means that the field is empty. */
  readonly rows: readonly (readonly string[])[];
}

export type LoadVerdict =
  | { readonly kind: 'loaded' }
  /** With a sentence of the server; another attempt would be refused as well. */
  | { readonly kind: 'refused'; readonly reason: string };
