import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import { type Db, inTransaction } from '../../shared/db/database';
import type { FailedInstruction } from '../../shared/domain/failed-instruction';
import type { Fields } from '../../shared/domain/merge-copy';
import type { HoldReason } from '../../shared/domain/successor';
import type { ParameterCounts } from '../../shared/domain/report';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { writeEntities, type WrittenEntity } from '../../shared/formats/xml-writer';
import { createInstructionStore } from '../../shared/stores/parameters/instruction-store';
import type { Rejected } from '../../worker/solution-sync/package/rejections';
import { dueInstructions } from '../../worker/solution-sync/params/due-instructions';
import { mergeClassFile, type ReceivedClass } from '../../worker/solution-sync/params/merge-class-file';

/** An entity as a solution sends it. */
export interface Sent {
  readonly id: string;
  readonly fields?: Fields;
  readonly isActive?: boolean;
  readonly ts?: string;
}

export interface Told {
  readonly file: string;
  readonly id: string;
  readonly idServer: string | null;
  readonly ts: string | null;
  readonly isActive: boolean;
  readonly fields: Fields;
}

export interface SyncOutcome {
  readonly syncId: string;
  readonly counts: ParameterCounts;
  readonly rejected: readonly Rejected[];
  readonly told: readonly Told[];
  /** Names of the package's files, in order. */
  readonly files: readonly string[];
  /** Ids of what was deleted and came back. */
  readonly cameBack: readonly string[];
}

/** One solution and its syncs of one class, on a real database. */
export interface Kitchen {
  readonly solutionId: number;
  readonly parameterClass: ParameterClass;
  /** Upload, processing, package. It is not confirmed. */
  sync(sent: readonly Sent[] | Buffer | null, options?: SyncOptions): Promise<SyncOutcome>;
  confirm(outcome: Pick<SyncOutcome, 'syncId'>, failed?: readonly FailedInstruction[]): Promise<void>;
  /** A sync that is confirmed in full. */
  syncAndConfirm(sent: readonly Sent[] | null, options?: SyncOptions): Promise<SyncOutcome>;
}

export interface SyncOptions {
  readonly parameterClass?: ParameterClass;
  readonly replaceFromSolution?: boolean;
  readonly all?: boolean;
  /** How far the solution's clock is ahead; null: nobody measured it. */
  readonly skewSeconds?: number | null;
  readonly isReplaced?: boolean;
  readonly holdsAll?: HoldReason;
  /** Nothing is written: told what would become of the entities. */
  readonly onPlanned?: ReceivedClass['onPlanned'];
}

export async function openKitchen(db: Db, parameterClass: ParameterClass): Promise<Kitchen> {
  const solutionId = await addSolution(db);
  const kitchen: Kitchen = {
    solutionId,
    parameterClass,
    sync: (sent, options = {}) =>
      runSync(db, solutionId, options.parameterClass ?? parameterClass, sent, options),
    confirm: async ({ syncId }, failed = []) => {
      await inTransaction(db, (transaction) =>
        createInstructionStore(transaction.db).confirm(syncId, failed),
      );
      await db('sync').where({ id: syncId }).update({ state: 'confirmed', package_key: 'package' });
    },
    syncAndConfirm: async (sent, options) => {
      const outcome = await kitchen.sync(sent, options);
      await kitchen.confirm(outcome);
      return outcome;
    },
  };
  return kitchen;
}

export function declared(name: string, particulars: Partial<ParameterClass> = {}): ParameterClass {
  const found = findParameterClass(name);
  if (found === undefined) throw new Error(`no class ${name}`);
  return { ...found, ...particulars };
}

export function xmlOf(parameterClass: ParameterClass, sent: readonly Sent[]): string {
  const entities = sent.map(
    ({ id, fields = {}, isActive = true, ts = '2020-01-01 00:00:00' }): WrittenEntity => ({
      id,
      idServer: null,
      ts,
      isActive,
      fields,
    }),
  );
  return [...writeEntities(parameterClass, entities)].join('');
}

async function addSolution(db: Db): Promise<number> {
  const name = randomUUID();
  const [account] = await db<{ id: number; name: string }>('account').insert({ name }).returning('id');
  const [solution] = await db<{
    id: number;
    account_id: number | undefined;
    mail: string;
    name: string;
    secret_hash: string;
  }>('solution')
    .insert({ account_id: account?.id, mail: `${name}@kitchen.test`, name, secret_hash: '-' })
    .returning('id');
  if (solution === undefined) throw new Error('no solution');
  return solution.id;
}

let clock = Date.now();

async function addSync(db: Db, solutionId: number): Promise<string> {
  const id = randomUUID();
  clock += 1000;
  await db('sync').insert({
    id,
    solution_id: solutionId,
    channel: 'synchro',
    state: 'processing',
    received_at: new Date(clock),
  });
  return id;
}

async function runSync(
  db: Db,
  solutionId: number,
  parameterClass: ParameterClass,
  sent: readonly Sent[] | Buffer | null,
  options: SyncOptions,
): Promise<SyncOutcome> {
  const {
    replaceFromSolution = false,
    all = false,
    onPlanned,
    skewSeconds = 0,
    isReplaced = false,
  } = options;
  const syncId = await addSync(db, solutionId);
  const cameBack: string[] = [];
  const rejected: Rejected[] = [];
  return inTransaction(db, async (transaction) => {
    const received: Omit<ReceivedClass, 'file'> = {
      solutionId,
      syncId,
      timezone: 'Europe/Paris',
      clock: { skewSeconds, receivedAt: new Date() },
      isReplaced,
      holdsAll: options.holdsAll ?? null,
      onCameBack: (id) => cameBack.push(id),
      parameterClass,
      replaceFromSolution,
      ...(onPlanned === undefined ? {} : { onPlanned }),
    };
    const bytes =
      sent === null
        ? Buffer.from('<ArrayOfX/>')
        : Buffer.isBuffer(sent)
          ? sent
          : Buffer.from(xmlOf(parameterClass, sent));
    const file = {
      name: `xml/${parameterClass.name}.xml`,
      open: () => Promise.resolve(Readable.from([bytes])),
    };
    const counts = await mergeClassFile(transaction, { ...received, file }, (one) => {
      rejected.push(one);
      return Promise.resolve();
    });
    const told: Told[] = [];
    const files: string[] = [];
    const due = { solutionId, syncId, parameterClasses: [parameterClass], all };
    for await (const instructions of dueInstructions(transaction, due)) {
      files.push(instructions.name);
      told.push(...(await readTold(parameterClass, instructions.name, instructions.content())));
    }
    return { syncId, counts, rejected, told, files, cameBack };
  });
}

async function readTold(
  parameterClass: ParameterClass,
  file: string,
  content: AsyncIterable<string>,
): Promise<Told[]> {
  const told: Told[] = [];
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(Buffer.from(piece));
  for await (const entity of readEntities(Readable.from(pieces))) {
    if (entity.kind === 'problem') throw new Error(entity.reason);
    const { id, idServer, ts, isActive } = entity;
    told.push({
      file,
      id,
      idServer,
      ts,
      isActive,
      fields: decodeFields(parameterClass, entity.fields).fields,
    });
  }
  return told;
}
