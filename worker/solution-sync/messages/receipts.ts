import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import type { Db, Transaction } from '../../../shared/db/database';
import type { Language } from '../../../shared/domain/language';
import { digestAboveMessages } from '../../../shared/domain/probe-event';
import { decodeText } from '../../../shared/formats/csv-cell';
import { quotable } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { CsvRows } from '../../../shared/formats/csv-rows';
import { formatCsv, formatCsvRows } from '../../../shared/formats/csv-table';
import { formatLogValue } from '../../../shared/formats/log-value';
import { isUnsetTime } from '../../../shared/formats/unset-time';
import { readInstant } from '../../../shared/formats/read-instant';
import {
  createMessageStore,
  type Message,
  type MessageStore,
  type Receipt,
  type SentMessage,
  type WaitingAlert,
  type WaitingAlerts,
} from '../../../shared/stores/messages/message-store';
import { createSolutionStore } from '../../../shared/stores/solutions/solution-store';
import { type DigestContents, type DigestLine, digestLines, probeDigest } from '../../alerts/probe-digest';
import type { ManagerRows } from '../instructions/log-replacements';
import type { InstructionFile } from '../instructions/package';
import type { LogHeader } from '../logs/log-header';
import type { DivertRow } from '../logs/load-log-file';
import type { Reject, Rejected } from '../package/rejections';

interface Receiver {
  readonly solutionId: number;
  readonly syncId: string;
}

/**
 * Messages of the manager that the solution has not confirmed: `csv/Tbmessagerie-i.csv`, or no file. If there are too
 * many messages about probes, they become one digest in `language`.
 */
export async function* dueMessages(
  { db }: Transaction,
  receiver: Receiver,
  language: Language,
): AsyncGenerator<InstructionFile> {
  const { solutionId, syncId } = receiver;
  const messages = createMessageStore(db);
  const { told, hasResults } = await markSent(db, receiver, { language, parkedToo: false });
  if (told === 0) return;
  yield { name: `csv/${table().name}-i.csv`, op: 'i', content };

  async function* content(): AsyncGenerator<string, number> {
    const columns = ['Id', ...table().columns.map(({ name }) => name), ...(hasResults ? resultColumns : [])];
    yield formatCsv(columns, []);
    for await (const page of messages.pages(solutionId, syncId)) {
      yield formatCsvRows(page.map(cellsOf).map((row) => columns.map((name) => row.get(name) ?? '')));
    }
    return told;
  }
}

/**
 * @returns the number of rows in the package; a digest is one row.
 */
async function markSent(
  db: Transaction['db'],
  receiver: Receiver,
  { language, parkedToo }: { readonly language: Language; readonly parkedToo: boolean },
): Promise<{ readonly told: number; readonly hasResults: boolean }> {
  const { solutionId, syncId } = receiver;
  const messages = createMessageStore(db);
  const { count, probeMessages, hasResults } = await markDue(db, messages, receiver, parkedToo);
  if (probeMessages <= digestAboveMessages) return { told: count, hasResults };
  const waiting = await messages.waitingAlerts(solutionId, syncId, digestLines);
  await messages.addDigest(receiver, probeDigest(language, contentsOf(waiting)), waiting);
  return { told: count - probeMessages + 1, hasResults };
}

/** A new device gets the messages again that the previous device received and that nobody read there. */
async function markDue(
  db: Db,
  messages: MessageStore,
  { solutionId, syncId }: Receiver,
  parkedToo: boolean,
): Promise<SentMessage> {
  const told = await messages.markTold(solutionId, syncId, { parkedToo });
  if (!told.isNewDevice) return told;
  await createSolutionStore(db).forgetOldDevice(solutionId);
  await messages.forgetUnreadDeliveries(solutionId);
  return messages.markTold(solutionId, syncId, { parkedToo });
}

function contentsOf({ listed, alerts, alertsGoingOn }: WaitingAlerts): DigestContents {
  const isGoingOn = ({ probeId, closedAt }: WaitingAlert) => probeId !== null && closedAt === null;
  const lineOf = ({ probeId, subject, body, ...alert }: WaitingAlert): DigestLine =>
    probeId === null ? { subject, body } : { ...alert, probeId };
  return {
    goingOn: listed.filter(isGoingOn).map(lineOf),
    over: listed.filter((one) => !isGoingOn(one)).map(lineOf),
    ...{ alerts, alertsGoingOn },
  };
}

/** All messages of the manager, for a package that replaces the solution's table. */
export async function replacingMessages(
  { db }: Transaction,
  receiver: Receiver,
  language: Language,
): Promise<ManagerRows> {
  const { solutionId } = receiver;
  const messages = createMessageStore(db);
  await markSent(db, receiver, { language, parkedToo: true });
  return {
    columns: (await messages.hasResults(solutionId)) ? resultColumns : [],
    async *pages() {
      for await (const page of messages.pages(solutionId, null)) yield page.map(cellsOf);
    },
  };
}

/** Receipts among the rows of a `Tbmessagerie` file: rows of the manager's messages, which are no rows of the log. */
export interface Receipts {
  readonly divert: DivertRow;
  /** Once the file is read. Returns how many rows were receipts; what is no message of this solution is rejected. */
  take(
    transaction: Transaction,
    solutionId: number,
    reject: Reject,
  ): Promise<{ taken: number; rejected: number }>;
}

export function createReceipts(file: string, timezone: string): Receipts {
  const found = new Map<string, FoundReceipt>();
  let rows = 0;

  return {
    divert(header, row) {
      const receipt = receiptOf(header, row, timezone);
      if (receipt === null || (!found.has(receipt.id) && found.size >= maxReceipts)) return false;
      rows += 1;
      // Whether it was read counts, and when first; the row may come more than once.
      if ((found.get(receipt.id)?.readAt ?? null) === null) found.set(receipt.id, receipt);
      return true;
    },

    async take({ db }, solutionId, reject) {
      if (found.size === 0) return { taken: 0, rejected: 0 };
      const known = await createMessageStore(db).receive(solutionId, [...found.values()]);
      const unknown = [...found.values()].filter(({ id }) => !known.has(id));
      for (const receipt of unknown) await reject(unknownMessage(file, receipt));
      return { taken: rows - unknown.length, rejected: unknown.length };
    },
  };
}

interface FoundReceipt extends Receipt {
  readonly line: number;
  readonly header: string;
  readonly raw: string;
}

/** More messages than anyone reads. Rows above it are refused like any row with an Id below zero. */
const maxReceipts = 100_000;
const maxKeptLength = 10_000;
const minus = 0x2d;

/** Null: the row is not about a message of the manager. */
function receiptOf(header: LogHeader, row: CsvRows, timezone: string): FoundReceipt | null {
  const idAt = row.cellStart[header.idCell] ?? 0;
  if (row.fault !== null || row.cellCount < header.cellCount || row.bytes[idAt] !== minus) return null;
  const id = textOf(row, header.idCell);
  if (!/^-[1-9]\d{0,17}$/.test(id)) return null;
  const cellOf = (name: string) => {
    const cell = header.declared.find(({ column }) => column.name === name)?.cell ?? null;
    return cell === null ? '' : textOf(row, cell);
  };
  const written = isUnsetTime(cellOf('ReadAt')) ? '' : cellOf('ReadAt');
  const readAt = written === '' ? null : readInstant(written, timezone);
  // An unreadable time is no time, so the row is refused like any other.
  if (written !== '' && readAt === null) return null;
  const raw = decodeText(row.bytes.subarray(row.start, row.end)).slice(0, maxKeptLength);
  const said = {
    subject: cellOf('Subject') || null,
    body: cellOf('Body') || null,
    // On a clock nobody named it proves nothing.
    sentAt: hasOffset(cellOf('SentAt')) ? readInstant(cellOf('SentAt'), timezone) : null,
  };
  return { id, readAt, ...said, line: row.line, header: header.raw, raw: raw.replaceAll('\0', '\u2400') };
}

const hasOffset = (time: string): boolean => /(Z|[+-]\d\d(:?\d\d)?)$/i.test(time.slice(10));

function textOf(row: CsvRows, cell: number): string {
  const text = decodeText(row.bytes.subarray(row.cellStart[cell], row.cellEnd[cell])).trim();
  return row.cellEscaped[cell] === 1 ? text.replaceAll('""', '"') : text;
}

const unknownMessage = (file: string, { id, line, header, raw }: FoundReceipt): Rejected => ({
  kind: 'row',
  subject: table().name,
  file,
  line,
  rowId: id,
  code: 'unknown-message',
  ...because({ code: 'message-never-sent', values: { id: quotable(id) } }),
  header,
  raw,
});

/** Beyond the table's columns: of lab results. Names of columns compare without case, so not `Limitm` and `LimitM`. */
const resultColumns = [
  'Sample',
  'Germ',
  'Operator',
  'Value',
  'Unit',
  'LimitSatisfactory',
  'LimitAcceptable',
  'Verdict',
];

/** By the names of the columns. */
function cellsOf({ result, ...message }: Message): ReadonlyMap<string, string> {
  const time = (value: Date | null) => formatLogValue({ type: 'time' }, value);
  return new Map([
    ['Id', message.id],
    ['MeasuredAt', time(message.measuredAt ?? message.sentAt)],
    ['IsConform', formatLogValue({ type: 'boolean' }, message.isConform)],
    ['Sender', message.sender],
    ['Kind', message.kind],
    ['Subject', message.subject],
    ['Body', message.body],
    ['SentAt', time(message.sentAt)],
    ['ReadAt', time(message.readAt)],
    ['Sample', result?.sample ?? ''],
    ['Germ', result?.germ ?? ''],
    ['Operator', result?.operator ?? ''],
    ['Value', numberOf(result?.value)],
    ['Unit', result?.unit ?? ''],
    ['LimitSatisfactory', numberOf(result?.limitSatisfactory)],
    ['LimitAcceptable', numberOf(result?.limitAcceptable)],
    ['Verdict', result?.verdict ?? ''],
  ]);
}

/** Empty where there is none: the limits of an absence. */
const numberOf = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : String(value);

function table(): LogTable {
  const declared = findLogTable('Tbmessagerie');
  if (declared === undefined) throw new Error('Tbmessagerie is not in the catalogue');
  return declared;
}
