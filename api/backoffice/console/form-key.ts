import type { WrittenFields } from './form-contents';

/** What every form of a page needs. */
export interface FormKey {
  /** For the hidden field that proves that the form is ours. */
  readonly token: string;
  /** The page that shows the form: a path of ours with its query. */
  readonly page: string;
  /** The refused input of one of the page's forms, which is shown again. Null: there is none. */
  readonly written: WrittenForm | null;
}

export interface WrittenForm extends WrittenFields {
  /** Where the form is sent. */
  readonly action: string;
  /** It was kept while its writer signed in again; null: it was refused just now. */
  readonly keptId: string | null;
}
