import { findLogTable } from '../../shared/catalog/log-tables';
import { type Db, inTransaction } from '../../shared/db/database';
import type { IdsInDoubt, LogBook } from '../../shared/domain/log-book';
import { maxReportedGaps } from '../../shared/domain/log-gaps';
import {
  type ComparedPage,
  createLogBookStore,
  type MarkedLog,
} from '../../shared/stores/logs/log-book-store';
import { createLogLock } from '../../shared/stores/logs/log-lock';

/** Checks the books of every log, one after the other. Returns how many do not balance. */
export async function checkAllBooks(db: Db): Promise<number> {
  const store = createLogBookStore(db);
  let unbalanced = 0;
  for (let last: MarkedLog | null = null; ;) {
    const logs: MarkedLog[] = await store.logsAfter(last, logsAtOnce);
    for (const log of logs) if (!(await checkBook(db, log))) unbalanced += 1;
    last = logs.at(-1) ?? null;
    if (logs.length < logsAtOnce) return unbalanced;
  }
}

/** Checks the logs for which a check was requested. Returns how many do not balance. */
export async function checkChangedBooks(db: Db): Promise<number> {
  const store = createLogBookStore(db);
  let unbalanced = 0;
  for (let log = await store.takeAsked(); log !== null; log = await store.takeAsked())
    if (!(await checkBook(db, log))) unbalanced += 1;
  return unbalanced;
}

/** Compares a portion of rows per statement, so that no statement takes long. False: the books do not balance. */
async function checkBook(db: Db, log: MarkedLog): Promise<boolean> {
  const store = createLogBookStore(db);
  const isOpen = await store.isOpen(log);
  if (isOpen === null || findLogTable(log.table) === undefined) return true;
  let book: LogBook | null = null;
  const inDoubt = { lost: idTexts(), unknown: idTexts() };
  for (let afterId: string | null = '-1'; afterId !== null;) {
    const page: ComparedPage | null = isOpen
      ? await store.comparePage(log, afterId, rowsAtOnce)
      : await openPage(db, log, afterId);
    if (page === null) return true;
    book = book === null ? bookOf(page) : withPage(book, page);
    inDoubt.lost.add(page.lostText);
    inDoubt.unknown.add(page.unknownText);
    afterId = page.lastId;
  }
  if (book === null) return true;
  await store.keep(log, book, { lost: inDoubt.lost.texts, unknown: inDoubt.unknown.texts });
  return book.lost.count === '0' && book.unknown.count === '0';
}

/** The first check of a log: differences are recorded as the starting point. */
async function openPage(db: Db, log: MarkedLog, afterId: string): Promise<ComparedPage | null> {
  return inTransaction(db, async ({ db: trx }) => {
    const store = createLogBookStore(trx);
    await createLogLock(trx).take(log.solutionId, log.table);
    const page = await store.comparePage(log, afterId, rowsAtOnce);
    if (page === null || page.lostText === null) return page;
    await store.beginWith(log, page);
    return store.comparePage(log, afterId, rowsAtOnce);
  });
}

/** Keeps as many ids as staff can accept at once. A further check finds the rest. */
function idTexts(): { readonly texts: string[]; add(text: string | null): void } {
  const texts: string[] = [];
  let length = 0;
  return {
    texts,
    add(text) {
      if (text === null || length > longestIdText) return;
      length += text.length;
      texts.push(text);
    },
  };
}

const longestIdText = 1_000_000;

const bookOf = ({ lastId: _last, lostText: _lost, unknownText: _unknown, ...book }: ComparedPage): LogBook =>
  book;

function withPage(book: LogBook, page: ComparedPage): LogBook {
  return {
    highestId: page.highestId,
    stored: sum(book.stored, page.stored),
    refused: sum(book.refused, page.refused),
    discarded: sum(book.discarded, page.discarded),
    absent: sum(book.absent, page.absent),
    removed: sum(book.removed, page.removed),
    missing: sum(book.missing, page.missing),
    lost: together(book.lost, page.lost),
    unknown: together(book.unknown, page.unknown),
  };
}

const sum = (one: string, other: string): string => String(BigInt(one) + BigInt(other));

const together = (one: IdsInDoubt, other: IdsInDoubt): IdsInDoubt => ({
  count: sum(one.count, other.count),
  ranges: [...one.ranges, ...other.ranges].slice(0, maxReportedGaps),
});

/** Read from the index in some tens of milliseconds. */
const rowsAtOnce = 50_000;
const logsAtOnce = 500;
