import { faultText } from './field-fault';
import { pairReasonsInEnglish } from './reason-of-pairs-english';
import { type NumberRange, type Reason, type ReasonNames, type ReasonSentences, tellReason } from './reason';

/** The sentence for programs, with names as on the wire. The sentences are part of the contract: do not change any. */
export const reasonText = (reason: Reason): string => tellReason(englishReasons, reason, namesOfTheWire);

/** A reason, and its sentence for programs. */
export const because = <Why extends Reason>(why: Why): { readonly reason: string; readonly why: Why } => ({
  reason: reasonText(why),
  why,
});

const asItIs = (name: string): string => name;
const namesOfTheWire: ReasonNames = { field: asItIs, subject: asItIs, unit: asItIs };

export const englishReasons: ReasonSentences = {
  'number-expected': (values, names) => expected(values, names, `a number${rangeText(values, names)}`),
  'whole-number-expected': (values, names) =>
    expected(values, names, `a whole number${rangeText(values, names)}`),
  'choice-expected': (values, names) => expected(values, names, `one of ${values.choices.join(', ')}`),
  'boolean-expected': (values, names) => expected(values, names, '1, 0, true or false'),
  'time-expected': (values, names) =>
    expected(values, names, 'a time such as 2026-11-20 07:31:00 between 1970 and 2199'),
  'date-expected': (values, names) =>
    expected(values, names, 'a date such as 2026-11-20 between 1970 and 2199'),
  'text-without-nul-expected': (values, names) => expected(values, names, 'a text without NUL characters'),
  'undeclared-with-nul': () => 'An undeclared column holds a NUL character; expected a text without.',

  'quote-never-closed': () => 'A quote is opened and never closed.',
  'text-behind-quote': () => 'A quoted cell goes on after its closing quote.',
  'row-too-large': () => 'The row is too large. What is kept of it is its beginning.',
  'row-cell-count': (count) => `The row has ${count.cells} cells, its header ${count.expected}.`,
  'id-no-whole-number': () => 'Id is not a whole number from 0 to 9223372036854775807.',
  'id-far-above': ({ step, highest }) =>
    `The Id is more than ${step} above ${highest}, the highest one known.`,
  'id-stored-otherwise': ({ id }) => `Id ${id} is stored already with other content.`,
  'message-never-sent': ({ id }) => `The manager has told this solution no such message ${id}.`,

  'header-unreadable': ({ fault }) => `The header row cannot be read: ${fault}.`,
  'too-many-columns': ({ most }) => `The file has more than ${most} columns.`,
  'rows-end-with-cr': () => 'Rows must end with LF or CRLF, not with CR alone.',
  'header-with-nul': () => 'The header row holds NUL characters.',
  'column-twice': ({ column }) => `Column ${JSON.stringify(column)} is there twice.`,
  'no-id-column': () => 'The file has no column Id.',
  'undeclared-name-too-long': ({ mostBytes }) =>
    `The name of an undeclared column has more than ${mostBytes} bytes.`,
  'too-many-undeclared': ({ table, columns, most }, { subject }) =>
    `${subject(table)} would have ${columns} columns that it does not declare; ${most} are allowed.`,

  'no-name-column': () => 'The file has no column Name.',
  'photo-line-unsplit': () => 'The line cannot be split into cells.',
  'photo-line-cell-count': (count) => `The line has ${count.cells} cells, its header ${count.expected}.`,
  'photo-name-wrong': () => 'Name is not the name of a photo.',
  'photo-time-wrong': () => 'TakenAt is no time.',
  'photo-table-wrong': () => 'Table is no log table.',
  'photo-row-wrong': () => 'LogId is no Id of a log row.',

  'photo-too-many-bytes': ({ mostBytes }) => `it is larger than ${mostBytes} bytes`,
  'photo-no-jpeg': ({ format }) => `it is no JPEG but ${format}`,
  'photo-too-large-to-decode': () =>
    'it is progressive and has more than 50000000 pixels, or finer colours than fit',
  'photo-two-formats': ({ other }) => `it is a JPEG and ${otherFormats[other]} at once`,
  'photo-cut-short': () => 'it is cut short',
  'photo-damaged': () => 'it is damaged',
  'photo-empty': () => 'it is empty',
  'photo-no-picture': () => 'it is no picture',
  'photo-too-many-pixels': ({ most }) => `it has more than ${most} pixels`,

  'entity-too-large': () => 'The entity is too large.',
  'field-twice': ({ field: name }, { field }) => `${field(name)} is there more than once.`,
  'text-between-fields': () => 'There is text between its fields.',
  'entity-without-id': () => 'The entity has no Id.',
  'entity-id-wrong': () => 'An Id is a token of up to 64 characters without blanks.',
  'is-active-wrong': (_, { field }) => `${field('IsActive')}: neither true nor false.`,
  'same-id-further-down': () => 'The same Id comes again further down; its last entity counts.',
  'fields-wrong': ({ problems }, { field }) =>
    problems.map((problem) => `${field(problem.field)}: ${faultText(problem.fault)}`).join('; '),
  'prefix-undeclared': ({ element }) => `A prefix in <${element}> is not declared.`,
  'character-not-in-xml': ({ line, character }) =>
    `Line ${line}: the character ${character} cannot be in XML.`,
  'bare-ampersand': ({ line }) => `Line ${line}: "&" without a name behind it; it is written "&amp;".`,
  'reference-to-nothing': ({ line, reference }) => `Line ${line}: ${reference} stands for nothing.`,
  'went-back-and-forth': ({ field: name, times }, { field }) =>
    `${field(name)} went back and forth ${times} times within an hour`,
  'too-many-changes': () => 'more entries than one run may have',
  'too-many-deletions': () => 'more deletions than may be made at once',

  'xml-malformed': ({ line, said }) => `Line ${line}: ${said}`,
  'xml-too-deep': ({ line, most }) => `Line ${line}: More than ${most} elements lie inside each other.`,
  'xml-no-array': ({ line, element }) => `Line ${line}: <${element}> is no ArrayOf….`,
  'xml-text-between-entities': ({ line }) => `Line ${line}: There is text between the entities.`,
  'xml-too-many-entities': ({ line, most }) => `Line ${line}: There are more than ${most} entities.`,
  'xml-text-too-long': ({ line }) => `Line ${line}: A text or a tag is too long.`,
  'xml-doctype': ({ line }) => `Line ${line}: A DOCTYPE is not read here.`,
  'xml-encoding-unknown': ({ line, encoding }) =>
    `Line ${line}: The encoding "${encoding}" is not read here.`,
  'xml-other-encoding': ({ line, encoding }) => `Line ${line}: The bytes are not ${encoding}.`,

  'statement-too-large': () => 'It is too large.',
  'statement-no-json': () => 'It is not JSON.',
  'statement-wrong': ({ said }) => said,

  'quarantine-full': () =>
    'The solution has as many open items in quarantine as it may have. Further ones are counted here.',
  'attempts-used-up': ({ attempts }) =>
    `The upload could not be processed in ${attempts} attempts. It is kept and can be replayed.`,
  'nothing-read': ({ folder }) => {
    const place = folder === null ? '' : ` Everything in it lies in the folder "${folder}".`;
    return (
      'Nothing of the upload was read, because no file in it is where one is expected.' +
      `${place} The folders xml, csv and photos must be at the top of the archive.`
    );
  },
  'too-many-rejections': ({ most }) => `More than ${most} rows or entities cannot be applied.`,
  'no-attempt-ended': () => 'No attempt came to its end.',

  'channel-reset': () => 'The channel was reset.',
  'replay-of-sync': ({ sync, by }) => `of sync ${sync}, by ${by}`,
  'replay-of-quarantine': ({ item, by }) => `of quarantine ${item}, by ${by}`,
  'photo-index-rebuilt': ({ forgotten, found }) => `${forgotten} entries forgotten, ${found} photos found`,

  'offline-not-one': () => 'This is not an offline file of a solution.',
  'offline-newer-version': () => 'A newer version of the program wrote this file. Update the server.',
  'offline-cut-off': () => 'The file is cut off. Copy it again from the stick, or export it again.',
  'offline-not-authentic': () =>
    'The file was changed after it was written, or it was written with a secret that is no longer valid.',
  'offline-bad-contents': () => 'The contents of the file cannot be read. Export it again.',
  'offline-unknown-solution': () => 'There is no solution with the mail in this file.',
  'offline-other-device': () =>
    'The file was written by a device with another MAC address than that of the solution.',
  'offline-wrong-direction': () =>
    'This file is a response of the server. It is to be applied on the solution.',
  'upload-not-kept': () => 'The upload is not kept any more.',
  'row-not-kept': () => 'The row or its header was not kept.',
  'entity-not-kept': () => 'The whole entity was not kept: send its corrected text.',
  'file-not-in-upload': () => 'The upload has no such file.',
  'notification-not-given-up': () => 'It has not been given up.',
  'work-is-done': () => 'It is done.',
  'work-is-under-way': () => 'It is under way.',
  'nothing-ticked': () => 'Nothing is ticked.',

  'system-refuses-us': () => 'The system refuses us. Put its credentials right, then resume.',
  'fields-do-not-fit': () =>
    'The fields of the system are not as the pair expects them. Put the pair or the system right.',
  'secrets-without-value': ({ names }) => {
    const [verb, them] = names.length === 1 ? ['has', 'it'] : ['have', 'them'];
    return `${names.join(', ')} ${verb} no value. Set ${them} as a secret of the system, or in the environment of the worker.`;
  },
  'changed-again-and-again': () => 'it was changed again and again while it was synchronised',
  'link-written-by-another': () => 'its link was written by another',
  'folder-is-missing': () => 'its folder is not there',

  ...pairReasonsInEnglish,

  'no-mail-server': () => 'No mail server is configured (EPACK_SMTP_URL).',
  'mail-server-unreachable': () => 'The mail server could not be reached.',
  'webhook-unreachable': () => 'The webhook could not be reached.',
  'webhook-answered': ({ status }) => `Answered ${status}.`,
  'webhook-redirects': ({ status }) => `Answered ${status}; redirects are not followed.`,
};

const expected = (
  { column, value }: { readonly column: string; readonly value: string },
  { field }: ReasonNames,
  what: string,
): string => `${field(column)} is ${JSON.stringify(value)}; expected ${what}.`;

function rangeText({ min, max, unit }: NumberRange, names: ReasonNames): string {
  const from = min === undefined ? '' : ` from ${min}`;
  const to = max === undefined ? '' : ` to ${max}`;
  return `${from}${to}${unit === undefined ? '' : ` ${names.unit(unit)}`}`;
}

const otherFormats = {
  pdf: 'a PDF document',
  zip: 'a zip archive',
  php: 'a program in PHP',
  script: 'a page with a script',
  html: 'an HTML page',
} as const;
