import { logTablesOf } from '../../shared/catalog/log-tables';
import { type ParameterClass, parameterClassesOf } from '../../shared/catalog/parameter-classes';
import { haveEffect } from '../../shared/catalog/special-syncs';
import { type Db, inTransaction, type Transaction } from '../../shared/db/database';
import { inLockOrder } from '../../shared/db/log-lock';
import type { Flag } from '../../shared/domain/flag';
import type { Language } from '../../shared/domain/language';
import type { Quotas } from '../../shared/domain/quota';
import { quotable, type Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import type { LogCounts, PhotoCounts, SyncReport } from '../../shared/domain/report';
import type { ClassDigest } from '../../shared/formats/class-digest';
import { fenceLost } from '../../shared/errors/catalog';
import type { FileStore } from '../../shared/files/file-store';
import { packageKeyOf, unpackedPrefixOf } from '../../shared/files/layout';
import { createBeliefStore } from '../../shared/stores/parameters/belief-store';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import { createJobStore, type SyncJob } from '../../shared/stores/jobs/job-store';
import { createNewestCopyStore } from '../../shared/stores/syncs/newest-copy-store';
import { createLogLock } from '../../shared/stores/logs/log-lock';
import { createPhotoStore } from '../../shared/stores/photos/photo-store';
import { createPhotoSuccession } from '../../shared/stores/photos/photo-succession';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { type Begun, createSyncSteps, type Outcome } from '../../shared/stores/syncs/sync-steps';
import { loadChannelLog, type NoteReadings } from './logs/channel-log';
import { dueMessages, replacingMessages } from './messages/receipts';
import { keepPhotos } from './photos/photos';
import { photoIndex } from './photos/photo-index';
import { rebuildPhotoIndex } from './photos/photo-rebuild';
import { logReplacement } from './instructions/log-replacements';
import { dueReplacements } from './instructions/replacements';
import { type InstructionFile, writePackage } from './instructions/package';
import { findChannelGaps } from './logs/channel-gaps';
import { planLogReplacement } from './logs/replace-log';
import { type PackageFiles, sortPackageFiles } from './package/package-files';
import { createQuarantineWriter } from './package/quarantine';
import { createRejectionSpool, type RejectionSpool } from './package/rejection-spool';
import { readStatement, type SolutionStatement } from './package/solution-statement';
import { dueInstructions } from './params/due-instructions';
import { mergeUpload, type MergedParameters } from './params/merge-upload';

interface Deps {
  readonly db: Db;
  readonly files: FileStore;
  /** The limits of solutions without their own. */
  readonly quotas: Pick<Quotas, 'openQuarantine' | 'extraColumns'>;
  /** The language of the texts for kitchens. */
  readonly language: Language;
  readonly noteReadings: NoteReadings;
}

/** Runs one step of a sync, and may measure its duration. */
export type Step = <T>(name: string, work: () => Promise<T>) => Promise<T>;

const plainly: Step = (_name, work) => work();

/**
 * Applies an upload and prepares its package: logs, parameters, photos, instructions, report, status 2 and the end of
 * the job are one transaction, so they happen once or not at all. Throws `fence-lost` if another worker now has the
 * job.
 */
export async function processSync(
  { db, files, quotas, language, noteReadings }: Deps,
  job: SyncJob,
  step: Step = plainly,
): Promise<SyncReport> {
  const upload = await step('sort', () => sortPackageFiles(files, job));
  const report = await inTransaction(db, async (transaction) => {
    const quarantine = createQuarantineWriter(transaction.db, job, quotas.openQuarantine);
    const spool = createRejectionSpool((batch) => quarantine.write(batch));
    const { flags, hasReplacements } = await begin(transaction, job, upload.logs);
    const statement = await readStatement(upload.statement, job.channel, spool.reject);
    const { parameters } = upload;
    const { drifted } = statement;
    const merged = await step('parameters', () =>
      mergeUpload(transaction, { ...job, parameters, flags, drifted }, spool.reject),
    );
    const logs = await step('logs', () =>
      loadLogs(transaction, job, upload, { flags, quotas, noteReadings, spool }),
    );
    const photos = await step('photos', () =>
      keepAllPhotos({ transaction, files }, job, upload, { flags, spool }),
    );
    await step('quarantine', async () => {
      await spool.finish();
      await quarantine.finish();
    });
    const gaps = await findChannelGaps(transaction.db, job, statement);
    const why = upload.isAllIgnored ? nothingRead(upload.ignored) : null;
    const counts = { ...reportedParameters(merged), logs, photos, ...gaps, why };
    const report = reportOf(job, counts, { upload, statement, spool });
    const written = await step('package', () =>
      writePackage(files, packageKeyOf(job.syncId, job.fence), job, {
        instructions: instructionFiles(transaction, job, {
          flags,
          hasReplacements,
          language,
          statement,
          report,
        }),
        report,
        classes: () => believedClasses(transaction, job, report),
      }),
    );
    await step('commit', () => commitOutcome(transaction, job, 'ready', { report, why, written }));
    return report;
  });
  if (upload.isUnpacked) await removeUnpacked(files, job);
  return report;
}

/** Gives a sync up: nothing of it is applied, the upload stays for a replay, and the solution gets an error report. */
export async function failSync({ db, files }: Pick<Deps, 'db' | 'files'>, job: SyncJob): Promise<void> {
  const why: Reason = { code: 'attempts-used-up', values: { attempts: job.attempts } };
  const report: SyncReport = {
    sync: job.syncId,
    outcome: 'failed',
    params: {},
    logs: {},
    photos: noPhotos(),
    rejections: [],
    ignored: [],
    reason: reasonText(why),
  };
  const written = await writePackage(files, packageKeyOf(job.syncId, job.fence), job, {
    instructions: standingFiles(db, job),
    report,
  });
  await inTransaction(db, async (transaction) => {
    await begin(transaction, job, []);
    await createFlagStore(transaction.db).releaseFrom([job.syncId]);
    await commitOutcome(transaction, job, 'failed', { report, why, written });
  });
  await removeUnpacked(files, job);
}

/**
 * The archive contains everything. Files that remain after a failure are removed with the archive. They are no failure
 * of the sync, which has ended.
 */
async function removeUnpacked(files: FileStore, { syncId }: SyncJob): Promise<void> {
  await files.remove(unpackedPrefixOf(syncId)).catch(() => undefined);
}

async function begin({ db }: Transaction, job: SyncJob, logs: PackageFiles['logs']): Promise<Begun> {
  const tables = inLockOrder(logs.map(({ table }) => table.table));
  const begun = await createSyncSteps(db).begin(job, tables);
  if (begun.isTaken) return begun;
  if (!(await createJobStore(db).takeOver(job))) throw fenceLost(job.id);
  for (const table of tables) await createLogLock(db).take(job.solutionId, table);
  return begun;
}

async function loadLogs(
  transaction: Transaction,
  job: SyncJob,
  { logs }: PackageFiles,
  {
    flags,
    quotas,
    noteReadings,
    spool,
  }: Pick<Deps, 'quotas' | 'noteReadings'> & Pick<Begun, 'flags'> & { readonly spool: RejectionSpool },
): Promise<Record<string, LogCounts>> {
  const counts: Record<string, LogCounts> = {};
  for (const { table, file } of logs) {
    const input = { ...job, table, file, isLocked: true, maxExtraColumns: quotas.extraColumns, noteReadings };
    counts[table.name] = await loadChannelLog(transaction, job.channel, input, spool.reject);
  }
  if (haveEffect(flags, 'replaces-manager')) await planLogReplacements(transaction, job, logs);
  return counts;
}

/** A log without a file is one without rows. */
async function planLogReplacements(
  transaction: Transaction,
  job: SyncJob,
  logs: PackageFiles['logs'],
): Promise<void> {
  for (const table of logTablesOf(job.channel)) {
    const sent = logs.filter((log) => log.table === table);
    // If two files have the same name, nobody can know which one is the log.
    if (sent.length <= 1)
      await planLogReplacement(transaction, { ...job, table, file: sent[0]?.file ?? null });
  }
}

async function keepAllPhotos(
  { transaction, files }: { transaction: Transaction; files: FileStore },
  job: SyncJob,
  upload: PackageFiles,
  { flags, spool }: { flags: readonly Flag[]; spool: RejectionSpool },
): Promise<PhotoCounts> {
  const { db } = transaction;
  const photos = createPhotoStore(db);
  if (haveEffect(flags, 'rebuilds-photo-index')) await rebuildPhotoIndex({ db, files }, job);
  return keepPhotos(
    { photos, files, audit: createAuditStore(db), succession: createPhotoSuccession(db) },
    job,
    upload,
    spool.reject,
  );
}

interface InstructionContext extends Pick<Begun, 'flags' | 'hasReplacements'> {
  /** The language of the texts for the kitchen. */
  readonly language: Language;
  readonly statement: SolutionStatement;
  readonly report: SyncReport;
}

/** The instructions for the solution, file by file, in the order in which it must carry them out. */
async function* instructionFiles(
  transaction: Transaction,
  job: SyncJob,
  { language, statement, report, ...begun }: InstructionContext,
): AsyncGenerator<InstructionFile> {
  const drifted = await replaceable(transaction, job, statement, report);
  const replacements = await dueReplacements(transaction.db, job, begun);
  const whole = new Set([...drifted, ...replacements.parameterClasses]);
  const others = parameterClassesOf(job.channel).filter((one) => !whole.has(one));
  if (whole.size > 0)
    yield* dueInstructions(transaction, { ...job, parameterClasses: [...whole], all: true });
  if (others.length > 0)
    yield* dueInstructions(transaction, { ...job, parameterClasses: others, all: false });
  const tellsMessages = job.channel === 'messagerie';
  if (tellsMessages && replacements.tables.length === 0) yield* dueMessages(transaction, job, language);
  const managerRows =
    tellsMessages && replacements.tables.length > 0
      ? await replacingMessages(transaction, job, language)
      : null;
  for (const table of replacements.tables) {
    yield logReplacement(transaction.db, table, job.solutionId, managerRows);
  }
  yield* standingFiles(transaction.db, job);
}

/** The files in every package of the channel, whatever the result of the upload. */
const standingFiles = (db: Db, { channel, solutionId }: SyncJob): InstructionFile[] =>
  channel === 'photos' ? [photoIndex(createPhotoStore(db), solutionId)] : [];

/** Where the solution holds what nobody here could read, a replacement would take it away, and no digest can be right. */
const isWhole = ({ name }: ParameterClass, { params }: SyncReport): boolean =>
  (params[name]?.rejected ?? 0) === 0;

/** Not a class of which a newer copy lies in quarantine. */
async function replaceable(
  { db }: Transaction,
  { solutionId }: SyncJob,
  { drifted }: SolutionStatement,
  report: SyncReport,
): Promise<ParameterClass[]> {
  if (drifted.length === 0) return [];
  const newest = await createNewestCopyStore(db).ofSolution(solutionId);
  const kept = new Set(newest.map(({ className }) => className));
  return drifted.filter((one) => isWhole(one, report) && !kept.has(one.name));
}

function believedClasses(
  { db }: Transaction,
  { solutionId, syncId, channel }: SyncJob,
  report: SyncReport,
): Promise<ReadonlyMap<string, ClassDigest>> {
  const known = parameterClassesOf(channel).filter((one) => isWhole(one, report));
  return createBeliefStore(db).afterPackage(
    solutionId,
    syncId,
    known.map(({ name }) => name),
  );
}

const reportedParameters = ({ params, cameBack, unreadableTs }: MergedParameters) => ({
  params,
  ...(Object.keys(cameBack).length === 0 ? {} : { cameBack }),
  ...(Object.keys(unreadableTs).length === 0 ? {} : { unreadableTs }),
});

function reportOf(
  job: SyncJob,
  {
    why,
    ...counts
  }: Pick<SyncReport, 'params' | 'logs' | 'photos' | 'gaps' | 'cameBack' | 'unreadableTs'> & {
    readonly why: Reason | null;
  },
  { upload, statement, spool }: { upload: PackageFiles; statement: SolutionStatement; spool: RejectionSpool },
): SyncReport {
  const { parameters, ignored } = upload;
  const { drifted } = statement;
  const unmerged = parameters.filter(
    ({ parameterClass }) => counts.params[parameterClass.name] === undefined,
  );
  return {
    sync: job.syncId,
    outcome: 'processed',
    ...counts,
    rejections: [...spool.reported],
    ignored: [...ignored, ...unmerged.map(({ file }) => file.name)],
    ...(drifted.length === 0 ? {} : { drift: drifted.map(({ name }) => name) }),
    ...(why === null ? {} : { allIgnored: true, reason: reasonText(why) }),
  };
}

function nothingRead(ignored: readonly string[]): Reason {
  const [folder = '', ...others] = new Set(ignored.map((name) => name.slice(0, name.indexOf('/') + 1)));
  const isOne = others.length === 0 && folder !== '';
  return { code: 'nothing-read', values: { folder: isOne ? quotable(folder) : null } };
}

/** The last statement of the transaction: it fails if the job is not this worker's any more. */
async function commitOutcome(
  { db, commitWithNext }: Transaction,
  job: SyncJob,
  state: 'ready' | 'failed',
  outcome: Outcome,
): Promise<void> {
  commitWithNext();
  if (!(await createSyncSteps(db).end(job, state, outcome))) throw fenceLost(job.id);
}

const noPhotos = (): PhotoCounts => ({ inserted: 0, duplicates: 0, rejected: 0 });
