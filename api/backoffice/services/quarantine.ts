import { Readable } from 'node:stream';
import type { ReadableEntry } from '../../../shared/archive/read-archive';
import { unpackedFiles } from '../../../shared/archive/unpack';
import { zipStream, type ZipEntry } from '../../../shared/archive/zip-writer';
import { findLogTable } from '../../../shared/catalog/log-tables';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { booksChanged } from '../../../shared/domain/job-kind';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { Caller } from '../../../shared/domain/staff';
import { alreadyDecided, invalidFields, notFound, notReplayable } from '../../../shared/errors/catalog';
import type { FileStore } from '../../../shared/files/file-store';
import { unpackedPrefixOf } from '../../../shared/files/layout';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { LogBookStore } from '../../../shared/stores/logs/log-book-store';
import type { LogLock } from '../../../shared/stores/logs/log-lock';
import type { LogMarkStore } from '../../../shared/stores/logs/log-mark-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type {
  QuarantinedItem,
  QuarantineFilter,
  QuarantineStore,
} from '../../../shared/stores/syncs/quarantine-store';
import type { SyncStore } from '../../../shared/stores/syncs/sync-store';
import type { IntakeService, ReplayStores } from '../../services/intake';
import { type Replayed, replayArchive } from './replay';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly logBooks: Pick<LogBookStore, 'askCheck'>;
  readonly logLock: LogLock;
  readonly logMarks: Pick<LogMarkStore, 'giveBackDiscarded' | 'acceptUpTo'>;
  readonly quarantine: QuarantineStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
  readonly syncs: Pick<SyncStore, 'addEvent' | 'find'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly files: Pick<FileStore, 'read' | 'stat' | 'list'>;
  readonly intake: Pick<IntakeService, 'begin'>;
}

export type QuarantineService = ReturnType<typeof createQuarantineService>;

/** Rows, entities, files and photos that were refused. */
export function createQuarantineService({ stores, transaction, files, intake }: Deps) {
  return {
    /** Throws `not-found`. */
    async list(
      caller: Caller,
      filter: Omit<QuarantineFilter, 'accounts'>,
      page: PageRequest<string>,
    ): Promise<Page<QuarantinedItem>> {
      if (filter.solutionId !== null) await needVisible(stores, caller, filter.solutionId);
      return stores.quarantine.list({ ...filter, accounts: caller.accounts }, page);
    },

    /** Throws `not-found`. */
    get: (caller: Caller, id: string): Promise<QuarantinedItem> => found(stores, caller, id),

    /** Throws `not-found`, `forbidden`, `already-decided`. */
    async discard(caller: Caller, id: string): Promise<void> {
      await transaction(async (stores) => {
        const item = await found(stores, caller, id);
        needEditor(caller);
        await decide(stores, caller, item, { state: 'discarded' });
        await giveBackIds(stores, [item]);
      });
    },

    /** Those that someone has decided meanwhile stay as they are. Throws `not-found`, `forbidden`. */
    async discardMany(caller: Caller, ids: readonly string[]): Promise<void> {
      await transaction(async (stores) => {
        const discarded: QuarantinedItem[] = [];
        // Always in the same order: two who discard the same ones wait for each other, and do not block.
        for (const id of ordered(ids)) {
          const item = await found(stores, caller, id);
          needEditor(caller);
          if (await decideOpen(stores, caller, item, { state: 'discarded' })) discarded.push(item);
        }
        await giveBackIds(stores, discarded);
      });
    },

    /**
     * Sends the item, or its corrected text, as a package of its own; refused again, it comes back as a new item.
     * An Id that was refused for being far above the others is accepted by that.
     * Throws `not-found`, `forbidden`, `already-decided`, `not-replayable`, `invalid-fields`, `wrong-status`.
     */
    async replay(caller: Caller, id: string, correctedText: string | null): Promise<Replayed> {
      const item = await found(stores, caller, id);
      needEditor(caller);
      if (item.state !== 'open') throw alreadyDecided();
      const entries = await packageOf({ syncs: stores.syncs, files }, item, correctedText);
      return replayArchive(
        intake,
        item,
        () => Promise.resolve(zipStream(entries)),
        (syncId) => async (stores) => {
          if (correctedText === null) await acceptId(stores, item);
          await askCheck(stores, item);
          await stores.syncs.addEvent(syncId, 'replay', because(replayOf(id, caller)));
          await decide(stores, caller, item, {
            state: 'replayed',
            sync: syncId,
            isCorrected: correctedText !== null,
            ...(correctedText === null ? {} : { text: correctedText.slice(0, maxAuditedLength) }),
          });
        },
      );
    },
  };
}

const replayOf = (item: string, { email: by }: Caller): Reason => ({
  code: 'replay-of-quarantine',
  values: { item, by },
});

/** Discarded rows no longer count as known: `lastIdLogs` returns the highest Id of the remaining rows. */
async function giveBackIds(stores: Stores, items: readonly QuarantinedItem[]): Promise<void> {
  const logs = new Map(
    items.flatMap(({ kind, subject, solutionId }) => {
      const table = kind === 'row' && subject !== null ? findLogTable(subject) : undefined;
      return table === undefined ? [] : [[`${solutionId} ${table.table}`, { solutionId, table }] as const];
    }),
  );
  // Always in the same order, as above.
  for (const [, log] of [...logs].sort(([one], [other]) => (one < other ? -1 : 1))) {
    await stores.logLock.take(log.solutionId, log.table.table);
    await stores.logMarks.giveBackDiscarded(log);
    await stores.logBooks.askCheck(log.solutionId, log.table.table);
  }
  if (logs.size > 0) await stores.jobs.add(booksChanged);
}

async function acceptId(
  stores: ReplayStores,
  { solutionId, subject, code, rowId }: QuarantinedItem,
): Promise<void> {
  const table = findLogTable(subject ?? '');
  const id = /^[ \t]*(\d{1,19})[ \t]*$/.exec(rowId ?? '')?.[1];
  if (code !== 'id-jump' || table === undefined || id === undefined) return;
  await stores.logMarks.acceptUpTo({ solutionId, table }, id);
}

/** Asks for a check of the log. Rows that the package stores later are checked again after that. */
async function askCheck(stores: ReplayStores, { kind, solutionId, subject }: QuarantinedItem): Promise<void> {
  const table = findLogTable(subject ?? '');
  if (kind !== 'row' || table === undefined) return;
  await stores.logBooks.askCheck(solutionId, table.table);
  await stores.jobs.add(booksChanged);
}

async function found(stores: Stores, caller: Caller, id: string): Promise<QuarantinedItem> {
  const item = await stores.quarantine.find(caller.accounts, id);
  if (item === null) throw notFound('quarantined item');
  return item;
}

const ordered = (ids: readonly string[]) =>
  [...new Set(ids)].sort((one, other) => Number(one) - Number(other));

/** The longest text in the audit trail, because a corrected file may be large. */
const maxAuditedLength = 10_000;

async function decide(...decision: Parameters<typeof decideOpen>): Promise<void> {
  if (!(await decideOpen(...decision))) throw alreadyDecided();
}

/** The members besides `state` are written to the audit trail. */
interface Decision {
  readonly state: 'replayed' | 'discarded';
  readonly sync?: string;
  readonly isCorrected?: boolean;
  readonly text?: string;
}

/** False: someone else has decided first. */
async function decideOpen(
  stores: Pick<ReplayStores, 'audit' | 'quarantine'>,
  caller: Caller,
  item: QuarantinedItem,
  { state, ...particulars }: Decision,
): Promise<boolean> {
  if (!(await stores.quarantine.decide(item.id, state, caller.email))) return false;
  const { id, file, line, rowId, code, raw } = item;
  const deed = {
    solutionId: item.solutionId,
    before: { id, state: 'open', file, line, rowId, code, text: raw?.slice(0, maxAuditedLength) ?? null },
    after: { id, state, ...particulars },
  };
  await stores.audit.add([auditEntry(caller, `quarantine.${state}`, deed)]);
  return true;
}

interface Parts {
  readonly syncs: Stores['syncs'];
  readonly files: Deps['files'];
}

/** A package that only contains the item, so that the rest of the upload is not processed again. */
async function packageOf(
  parts: Parts,
  item: QuarantinedItem,
  correctedText: string | null,
): Promise<ZipEntry[]> {
  switch (item.kind) {
    case 'row':
      return [{ name: item.file, content: rowFile(item, correctedText) }];
    case 'entity':
      return [{ name: item.file, content: entityFile(item, correctedText) }];
    case 'file':
      return [
        correctedText === null ? await uploaded(parts, item, item.file) : correctedFile(item, correctedText),
      ];
    case 'photo':
      if (correctedText !== null)
        throw invalidFields([{ field: 'text', fault: { code: 'photo-has-no-text' } }]);
      // What the photo list said about it was recorded when it arrived.
      return [await uploaded(parts, item, item.file)];
  }
}

function rowFile({ header, raw }: QuarantinedItem, correctedText: string | null): string {
  const row = correctedText ?? raw;
  if (header === null || row === null) throw notReplayable('row-not-kept');
  return [header, row, ''].map((line) => line.replace(/[\r\n]+$/, '')).join('\r\n');
}

function entityFile({ subject, code, raw }: QuarantinedItem, correctedText: string | null): string {
  // Only the beginning of a too large entity was kept.
  const element = correctedText ?? (code === 'too-large' ? null : raw);
  if (element === null) throw notReplayable('entity-not-kept');
  const root = `ArrayOfDef${subject ?? ''}`;
  const namespaces =
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"';
  return `<?xml version="1.0" encoding="utf-8"?>\n<${root} ${namespaces}>\n${element}\n</${root}>\n`;
}

/** The mark at its beginning says UTF-8, whatever encoding an XML declaration in it still names. */
const correctedFile = ({ file }: QuarantinedItem, text: string): ZipEntry => ({
  name: file,
  content: `\uFEFF${text.replace(/^\uFEFF/, '')}`,
});

/** A file as the solution sent it. */
async function uploaded(
  { syncs, files }: Parts,
  { syncId }: QuarantinedItem,
  name: string,
): Promise<ZipEntry> {
  const archiveKey = (await syncs.find(syncId))?.archiveKey ?? null;
  if (archiveKey === null || (await files.stat(archiveKey)) === null) {
    throw notReplayable('upload-not-kept');
  }
  const sent = await unpackedFiles(files, archiveKey, unpackedPrefixOf(syncId));
  const file = sent.find((one) => one.name === name);
  if (file === undefined) throw notReplayable('file-not-in-upload');
  return { name, content: () => Readable.from(contentOf(file), { objectMode: false }) };
}

/** Opened when it is the file's turn: a replay that is refused before leaves nothing open. */
async function* contentOf(file: ReadableEntry): AsyncGenerator<Buffer> {
  for await (const chunk of (await file.open()) as AsyncIterable<Buffer>) yield chunk;
}
