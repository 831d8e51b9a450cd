import type { FieldProblem } from './field-fault';
import type { PairReasonValues } from './reason-of-pairs';

/**
 * Why something could not be applied, or what happened to a sync: a stable code, and the values that its sentence
 * needs. It is stored beside the English sentence for programs, and people read it in their language.
 */
export type Reason<Code extends ReasonCode = ReasonCode> = {
  [One in Code]: { readonly code: One; readonly values: ReasonValues[One] };
}[Code];

export type ReasonCode = keyof ReasonValues;

/** The sentences of a language, one for each code. A language that lacks one does not compile. */
export type ReasonSentences = {
  readonly [Code in ReasonCode]: (values: ReasonValues[Code], names: ReasonNames) => string;
};

/** The names of fields, classes, tables and units. */
export interface ReasonNames {
  readonly field: (name: string) => string;
  readonly subject: (name: string) => string;
  readonly unit: (unit: string) => string;
}

export const tellReason = <Code extends ReasonCode>(
  sentences: ReasonSentences,
  { code, values }: { readonly code: Code; readonly values: ReasonValues[Code] },
  names: ReasonNames,
): string => sentences[code](values, names);

/**
 * The beginning of a text that was sent, short enough to be quoted in a sentence, with only characters that PostgreSQL
 * can store.
 */
export function quotable(text: string, longest = longestQuote): string {
  const shown = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return shown.replace(/[\0\p{Surrogate}]/gu, '\ufffd');
}

/** UTF-16 units. */
const longestQuote = 100;

/** The values of each code. Texts that were sent are cut by `quotable`. */
export interface ReasonValues extends PairReasonValues {
  // A value of a row
  readonly 'number-expected': NumberExpected;
  readonly 'whole-number-expected': NumberExpected;
  readonly 'choice-expected': Cell & { readonly choices: readonly string[] };
  readonly 'boolean-expected': Cell;
  readonly 'time-expected': Cell;
  readonly 'date-expected': Cell;
  readonly 'text-without-nul-expected': Cell;
  readonly 'undeclared-with-nul': None;

  // A row
  readonly 'quote-never-closed': None;
  readonly 'text-behind-quote': None;
  readonly 'row-too-large': None;
  readonly 'row-cell-count': CellCount;
  readonly 'id-no-whole-number': None;
  /** `highest`: the highest Id known before. */
  readonly 'id-far-above': { readonly step: number; readonly highest: string };
  readonly 'id-stored-otherwise': { readonly id: string };
  readonly 'message-never-sent': { readonly id: string };

  // The header of a file of rows
  readonly 'header-unreadable': { readonly fault: 'unterminated-quote' | 'bad-quote' | 'row-too-large' };
  readonly 'too-many-columns': { readonly most: number };
  readonly 'rows-end-with-cr': None;
  readonly 'header-with-nul': None;
  readonly 'column-twice': { readonly column: string };
  readonly 'no-id-column': None;
  readonly 'undeclared-name-too-long': { readonly mostBytes: number };
  readonly 'too-many-undeclared': { readonly table: string; readonly columns: number; readonly most: number };

  // The list of photos
  readonly 'no-name-column': None;
  readonly 'photo-line-unsplit': None;
  readonly 'photo-line-cell-count': CellCount;
  readonly 'photo-name-wrong': None;
  readonly 'photo-time-wrong': None;
  readonly 'photo-table-wrong': None;
  readonly 'photo-row-wrong': None;

  // A photo
  readonly 'photo-too-many-bytes': { readonly mostBytes: number };
  readonly 'photo-no-jpeg': { readonly format: string };
  readonly 'photo-too-large-to-decode': None;
  readonly 'photo-two-formats': { readonly other: OtherFormat };
  readonly 'photo-cut-short': None;
  readonly 'photo-damaged': None;
  readonly 'photo-empty': None;
  readonly 'photo-no-picture': None;
  readonly 'photo-too-many-pixels': { readonly most: number };

  // An entity
  readonly 'entity-too-large': None;
  readonly 'field-twice': { readonly field: string };
  readonly 'text-between-fields': None;
  readonly 'entity-without-id': None;
  readonly 'entity-id-wrong': None;
  readonly 'is-active-wrong': None;
  readonly 'same-id-further-down': None;
  readonly 'fields-wrong': { readonly problems: readonly FieldProblem[] };
  readonly 'prefix-undeclared': { readonly element: string };
  /** `character`: e.g. `U+001D`. */
  readonly 'character-not-in-xml': Line & { readonly character: string };
  readonly 'bare-ampersand': Line;
  readonly 'reference-to-nothing': Line & { readonly reference: string };
  readonly 'went-back-and-forth': { readonly field: string; readonly times: number };
  readonly 'too-many-changes': None;
  readonly 'too-many-deletions': None;

  // A file of entities
  /** `said`: by the reader of XML, in English. */
  readonly 'xml-malformed': Line & { readonly said: string };
  readonly 'xml-too-deep': Line & { readonly most: number };
  readonly 'xml-no-array': Line & { readonly element: string };
  readonly 'xml-text-between-entities': Line;
  readonly 'xml-too-many-entities': Line & { readonly most: number };
  readonly 'xml-text-too-long': Line;
  readonly 'xml-doctype': Line;
  readonly 'xml-encoding-unknown': Line & { readonly encoding: string };
  readonly 'xml-other-encoding': Line & { readonly encoding: string };

  // What a solution says of itself
  readonly 'statement-too-large': None;
  readonly 'statement-no-json': None;
  /** `fields`: the first of them, by their paths; `said`: what is wrong with them, in English. */
  readonly 'statement-wrong': { readonly fields: readonly string[]; readonly said: string };

  // A whole sync
  readonly 'quarantine-full': None;
  readonly 'attempts-used-up': { readonly attempts: number };
  /** `folder`: everything lies in it; null: in several, or in none. */
  readonly 'nothing-read': { readonly folder: string | null };
  readonly 'too-many-rejections': { readonly most: number };
  readonly 'no-attempt-ended': None;

  // What happened to a sync
  readonly 'channel-reset': None;
  readonly 'replay-of-sync': { readonly sync: string; readonly by: string };
  readonly 'replay-of-quarantine': { readonly item: string; readonly by: string };
  readonly 'photo-index-rebuilt': { readonly forgotten: number; readonly found: number };

  // What cannot be done again
  readonly 'offline-not-one': None;
  readonly 'offline-newer-version': None;
  readonly 'offline-cut-off': None;
  readonly 'offline-not-authentic': None;
  readonly 'offline-bad-contents': None;
  readonly 'offline-unknown-solution': None;
  readonly 'offline-other-device': None;
  readonly 'offline-wrong-direction': None;
  readonly 'upload-not-kept': None;
  readonly 'row-not-kept': None;
  readonly 'entity-not-kept': None;
  readonly 'file-not-in-upload': None;
  readonly 'notification-not-given-up': None;
  readonly 'work-is-done': None;
  readonly 'work-is-under-way': None;
  readonly 'nothing-ticked': None;

  // A pair of systems that stands still, or gave something up
  readonly 'system-refuses-us': None;
  readonly 'fields-do-not-fit': None;
  /** `names`: as in the settings, `${NAME}`. */
  readonly 'secrets-without-value': { readonly names: readonly string[] };
  readonly 'changed-again-and-again': None;
  readonly 'link-written-by-another': None;
  readonly 'folder-is-missing': None;

  // A notification that did not arrive
  readonly 'no-mail-server': None;
  /** All that is told of a server that was not reached, whatever the cause: the cause is in the log. */
  readonly 'mail-server-unreachable': None;
  readonly 'webhook-unreachable': None;
  readonly 'webhook-answered': { readonly status: number };
  readonly 'webhook-redirects': { readonly status: number };
}

/** No values. */
type None = Readonly<Record<string, never>>;

/** The first line of the file is 1. */
interface Line {
  readonly line: number;
}

interface Cell {
  readonly column: string;
  readonly value: string;
}

/** Left out: without a limit, without a unit. */
export interface NumberRange {
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  readonly unit?: string | undefined;
}

interface NumberExpected extends Cell, NumberRange {}

interface CellCount {
  readonly cells: number;
  /** The number of cells in the header. */
  readonly expected: number;
}

/** Another format that a photo has besides that of a picture. */
export type OtherFormat = 'pdf' | 'zip' | 'php' | 'script' | 'html';
