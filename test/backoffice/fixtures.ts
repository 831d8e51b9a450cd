import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { unpackedFiles } from '../../shared/archive/unpack';
import { zipStream, type ZipEntry } from '../../shared/archive/zip-writer';
import type { Channel } from '../../shared/domain/channel';
import type { SyncState } from '../../shared/domain/sync-state';
import { archiveKeyOf, packageKeyOf, photoKeyOf, unpackedPrefixOf } from '../../shared/files/layout';
import { bytesOf } from '../../shared/formats/bytes-of';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { createPhotoStore } from '../../shared/stores/photos/photo-store';
import type { TestBackoffice } from './backoffice';

/** Where things are kept: of a backoffice, or of a whole server. */
export type Parts = Pick<TestBackoffice, 'db' | 'files'>;

/** The database and the file store of a server. */
export type Ground = Pick<TestBackoffice, 'db' | 'files'>;

/** An account, and a solution in it. */
export interface Kitchen {
  readonly account: string;
  readonly solution: string;
}

export async function newKitchen({ admin }: TestBackoffice): Promise<Kitchen> {
  const name = randomUUID();
  const account = String((await admin.call('POST', '/api/accounts', { name })).at('id'));
  const body = { mail: `${name}@example.org`, name, account };
  const solution = String((await admin.call('POST', '/api/solutions', body)).at('id'));
  return { account, solution };
}

export interface SyncParticulars {
  readonly channel?: Channel;
  readonly state?: SyncState;
  readonly report?: object;
  /** Files of the upload; without any, none is kept. */
  readonly upload?: readonly ZipEntry[];
  /** Content of the instruction package; without it, none is kept. */
  readonly instructions?: string;
  readonly ageSeconds?: number;
}

/** A sync as the intake and the worker leave it. Answers its id. */
export async function newSync(
  { db, files }: Parts,
  solution: string,
  { channel = 'synchro', state = 'confirmed', ageSeconds = 60, ...particulars }: SyncParticulars = {},
): Promise<string> {
  const id = randomUUID();
  const upload = particulars.upload ?? [];
  if (upload.length > 0) await files.write(archiveKeyOf(id), zipStream(upload));
  for (const { name, content } of upload) {
    const bytes = typeof content === 'function' ? content() : Readable.from([Buffer.from(content)]);
    await files.write(`${unpackedPrefixOf(id)}/${name}`, bytes);
  }
  if (particulars.instructions !== undefined) {
    await files.write(packageKeyOf(id, 1), Buffer.from(particulars.instructions));
  }
  const ago = (seconds: number) => db.raw(`now() - make_interval(secs => ?)`, [seconds]);
  const isProcessed = ['ready', 'failed', 'confirmed'].includes(state);
  await db('sync').insert({
    id,
    solution_id: solution,
    channel,
    state,
    received_at: ago(ageSeconds),
    receiving_until: state === 'receiving' ? ago(-30) : null,
    queued_at: state === 'receiving' ? null : ago(ageSeconds - 1),
    processing_at: isProcessed ? ago(ageSeconds - 2) : null,
    processed_at: isProcessed ? ago(ageSeconds - 3) : null,
    confirmed_at: state === 'confirmed' ? ago(ageSeconds - 4) : null,
    archive_key: upload.length === 0 ? null : archiveKeyOf(id),
    archive_sha256: 'ab'.repeat(32),
    package_key: isProcessed ? packageKeyOf(id, 1) : null,
    package_sha256: 'cd'.repeat(32),
    report: particulars.report === undefined ? null : JSON.stringify(particulars.report),
  });
  return id;
}

/** Puts the channel at a status, with the sync that holds it. */
export async function setStatut(
  { db }: TestBackoffice,
  solution: string,
  channel: Channel,
  statut: number,
  syncId: string,
): Promise<void> {
  await db('channel_status').where({ solution_id: solution, channel }).update({ statut, sync_id: syncId });
}

export interface Quarantined {
  readonly kind: 'row' | 'entity' | 'file' | 'photo';
  readonly file: string;
  readonly subject?: string;
  readonly channel?: Channel;
  readonly code?: string;
  readonly header?: string;
  readonly raw?: string;
}

/** Something that a sync refused. Answers its id. */
export async function newQuarantined(
  { db }: Ground,
  solution: string,
  syncId: string,
  { channel = 'synchro', code = 'bad-value', ...particulars }: Quarantined,
): Promise<string> {
  const row = { solution_id: solution, sync_id: syncId, channel, code, reason: 'for a test', ...particulars };
  const inserted: { id: string }[] = await db('quarantine').insert(row).returning('id');
  return inserted[0]?.id ?? '';
}

/** The input of a sync: every file of its unpacked upload. */
export async function unpackedOf({ files }: TestBackoffice, syncId: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const file of await unpackedFiles(files, archiveKeyOf(syncId), unpackedPrefixOf(syncId)))
    found[file.name] = (await bytesOf(await file.open())).toString('utf8');
  return found;
}

export interface ConflictParticulars {
  readonly base: Record<string, string | number>;
  readonly manager: Record<string, string | number>;
  readonly solution: Record<string, string | number>;
  readonly fields: readonly string[];
}

/** A parked conflict about a fridge. Answers its id. */
export async function newConflict(
  backoffice: Parts,
  solution: string,
  entity: string,
  { base, manager, solution: theirs, fields }: ConflictParticulars,
): Promise<string> {
  const syncId = await newSync(backoffice, solution);
  const active = (copy: Record<string, string | number>) => ({ isActive: true, fields: copy });
  const params: { id_server: string }[] = await backoffice
    .db('param')
    .insert({
      solution_id: solution,
      class: 'Fridges',
      id: entity,
      fields: JSON.stringify(manager),
      is_active: true,
      digest: copyDigest(active(manager)),
      updated_by: 'someone@example.org',
      base_fields: JSON.stringify(base),
      base_active: true,
      base_digest: copyDigest(active(base)),
      held: true,
    })
    .returning('id_server');
  const conflicts: { id: string }[] = await backoffice
    .db('conflict')
    .insert({
      solution_id: solution,
      sync_id: syncId,
      id_server: params[0]?.id_server,
      class: 'Fridges',
      entity_id: entity,
      base_fields: JSON.stringify(base),
      manager_fields: JSON.stringify(manager),
      manager_active: true,
      solution_fields: JSON.stringify(theirs),
      solution_active: true,
      solution_digest: copyDigest(active(theirs)),
      fields: [...fields],
    })
    .returning('id');
  return conflicts[0]?.id ?? '';
}

/** Deletions of fridges that wait for an approval. Answers its id. */
export async function newApproval(
  backoffice: Parts,
  solution: string,
  entities: readonly string[],
): Promise<string> {
  const syncId = await newSync(backoffice, solution);
  const fields = { Name: 'Chambre froide' };
  const digest = copyDigest({ isActive: true, fields });
  await backoffice.db('param').insert(
    entities.map((id) => ({
      solution_id: solution,
      class: 'Fridges',
      id,
      fields: JSON.stringify(fields),
      is_active: true,
      digest,
      updated_by: 'solution',
      base_fields: JSON.stringify(fields),
      base_active: true,
      base_digest: digest,
      held: true,
    })),
  );
  const approvals: { id: string }[] = await backoffice
    .db('approval')
    .insert({
      solution_id: solution,
      sync_id: syncId,
      channel: 'synchro',
      class: 'Fridges',
      kind: 'deletes',
      plan: JSON.stringify(entities.map((id) => ({ id, version: 1 }))),
    })
    .returning('id');
  return approvals[0]?.id ?? '';
}

/** An open alert about a probe that is too warm. Answers its id. */
export async function newAlert({ db }: Ground, solution: string, probe = 'P1'): Promise<string> {
  const since = new Date('2026-11-20T06:00:00Z');
  const alerts: { id: string }[] = await db('probe_alert')
    .insert({
      solution_id: solution,
      probe_id: probe,
      kind: 'high',
      fridge_name: 'Chambre froide',
      limit_value: 4,
      worst_value: 7.5,
      delay_minutes: 30,
      since,
      opened_at: new Date(since.getTime() + 30 * 60_000),
    })
    .returning('id');
  return alerts[0]?.id ?? '';
}

/** A photo as the worker keeps it, without a thumbnail. */
export async function newPhoto(
  { db, files }: TestBackoffice,
  solution: string,
  syncId: string,
  name: string,
): Promise<void> {
  const content = Buffer.from('a picture');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const { key: fileKey } = await files.write(photoKeyOf(Number(solution), sha256), content);
  const photo = {
    name,
    sha256,
    fileKey,
    bytes: content.length,
    width: 4,
    height: 3,
    exifTakenAt: null,
    thumbnail: null,
  };
  await createPhotoStore(db).put(Number(solution), syncId, photo);
}
