import type { Db, Transaction } from '../../../shared/db/database';
import type { Channel } from '../../../shared/domain/channel';
import type { LogCounts } from '../../../shared/domain/report';
import { type InsertedRows, loadLogFile, type LogFileInput } from './load-log-file';
import type { Reject } from '../package/rejections';
import { createReceipts } from '../messages/receipts';

/** Handles new probe readings, in the transaction that adds them. */
export type NoteReadings = (db: Db, solutionId: number, rows: InsertedRows) => Promise<void>;

type ChannelLogInput = LogFileInput & { readonly noteReadings: NoteReadings };

/** Loads a log file, with the additional work of its channel. */
export function loadChannelLog(
  transaction: Transaction,
  channel: Channel,
  input: ChannelLogInput,
  reject: Reject,
): Promise<LogCounts> {
  switch (channel) {
    case 'messagerie':
      return loadMessages(transaction, input, reject);
    case 'sondes':
      return loadReadings(transaction, input, reject);
    case 'synchro':
    case 'photos':
      return loadLogFile(transaction, input, reject);
  }
}

function loadReadings(transaction: Transaction, input: ChannelLogInput, reject: Reject): Promise<LogCounts> {
  const onInserted = (rows: InsertedRows) => input.noteReadings(transaction.db, input.solutionId, rows);
  return loadLogFile(transaction, { ...input, onInserted }, reject);
}

/** A receipt is a row that the server already has, so it counts as a duplicate. */
async function loadMessages(
  transaction: Transaction,
  input: LogFileInput,
  reject: Reject,
): Promise<LogCounts> {
  const receipts = createReceipts(input.file.name, input.timezone);
  const counts = await loadLogFile(transaction, { ...input, divert: receipts.divert }, reject);
  const { taken, rejected } = await receipts.take(transaction, input.solutionId, reject);
  return { ...counts, duplicates: counts.duplicates + taken, rejected: counts.rejected + rejected };
}
