import { createReadStream } from 'node:fs';
import type { Channel } from '../../shared/domain/channel';
import { type AnsweredChannel, answeredShape } from '../../shared/formats/offline-contents';
import {
  BadOfflineFile,
  type OfflineFault,
  offlineKeyOf,
  type OfflineHeader,
  readContents,
  readToEnd,
  withOfflineFile,
} from '../../shared/formats/offline-file';
import { carryOut } from '../local-copy/carry-out';
import { exportFile, keepExports, type SentBefore, sentBefore } from '../local-copy/exports';
import { clearWork, type LocalCopy, workFile } from '../local-copy/local-copy';
import { oweWhatIsLeft } from '../local-copy/owe-what-is-left';
import { rememberRefusedPhotos } from '../local-copy/photos';
import type { FailedInstruction } from '../local-copy/sync-state';
import { unpackPackage } from '../local-copy/unpack-package';
import type { Credentials } from '../session';
import { badStick } from '../solution-error';

export interface ApplyOptions {
  readonly copy: LocalCopy;
  readonly credentials: Credentials;
  /** The response of the server. */
  readonly file: string;
  readonly now: Date;
}

/** What became of one channel. */
export interface AppliedChannel {
  readonly channel: Channel;
  /** `applied-before`: the same response was applied already. `not-awaited`: it is about an export that is settled. */
  readonly outcome: AnsweredChannel['outcome'] | 'applied-before' | 'not-awaited' | 'nothing-to-apply';
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
  /** Why the server refused the upload. */
  readonly detail: string | null;
}

/**
 * Applies the response of a server. It may be killed at any point and run again: a response that was applied changes
 * nothing. The next export, or the next sync over the network, confirms what was applied.
 */
export async function applyFromStick(options: ApplyOptions): Promise<readonly AppliedChannel[]> {
  try {
    return await applyAuthentic(options);
  } catch (error) {
    throw error instanceof BadOfflineFile ? badStick(faults[error.fault]) : error;
  }
}

const faults: Readonly<Record<OfflineFault, string>> = {
  'not-one': 'This is not an offline file.',
  'newer-version': 'A newer version of the server wrote this file. Update this program.',
  'cut-off': 'The file is cut off. Copy it to the stick again.',
  'not-authentic': 'The file was changed after it was written, or it is for another secret.',
  'bad-contents': 'The contents of the file cannot be read.',
};

async function applyAuthentic(options: ApplyOptions): Promise<readonly AppliedChannel[]> {
  const { file, credentials } = options;
  const digest = offlineKeyOf(credentials.secret);
  // Nothing is believed before the file has been read to its end.
  await withOfflineFile(createReadStream(file), async ({ header, contents }) => {
    needOurs(header, credentials);
    await readToEnd(contents(digest));
  });
  return withOfflineFile(createReadStream(file), async ({ header, contents }) => {
    const { description, part } = await readContents(contents(digest), answeredShape);
    const applied: AppliedChannel[] = [];
    for (const answered of description.channels) {
      const bytes = part(answered.bytes);
      applied.push(await applyChannel(options, header.export, answered, bytes));
      await readToEnd(bytes);
    }
    return applied;
  });
}

function needOurs({ direction, mail }: OfflineHeader, credentials: Credentials): void {
  if (direction !== 'to-solution')
    throw badStick('This file is an export. It is for the server: have it taken in there.');
  if (mail.toLowerCase() !== credentials.mail.toLowerCase())
    throw badStick(`This file is for the solution ${mail}, not for ${credentials.mail}.`);
}

async function applyChannel(
  options: ApplyOptions,
  id: string,
  answered: AnsweredChannel,
  bytes: AsyncGenerator<Buffer>,
): Promise<AppliedChannel> {
  const { copy } = options;
  const { channel, outcome, detail } = answered;
  const { exports: awaited, carriedOut } = copy.state().channels[channel];
  const none = { channel, carried: 0, failed: [], detail };
  const place = awaited.findIndex((one) => one.id === id);
  if (place < 0) return { ...none, outcome: 'not-awaited' };
  if (outcome === 'busy') return { ...none, outcome };
  const isApplied = carriedOut !== null && carriedOut.sync === answered.sync;
  const hasPackage = answered.bytes > 0 && answered.sync !== null;
  let result: AppliedChannel = { ...none, outcome: outcome === 'accepted' ? 'nothing-to-apply' : outcome };
  if (isApplied) result = { ...none, outcome: 'applied-before' };
  else if (hasPackage) result = { ...none, outcome, ...(await carryPackage(options, id, answered, bytes)) };
  await remember(copy, answered);
  // A package answers its export; the upload that was not accepted goes out anew with the next export.
  const isAnswered = hasPackage && outcome === 'accepted';
  await keepExports(
    copy,
    channel,
    isAnswered ? awaited.slice(place) : awaited.filter((one) => one.id !== id),
  );
  return result;
}

async function carryPackage(
  { copy, now }: ApplyOptions,
  id: string,
  { channel, outcome }: AnsweredChannel,
  bytes: AsyncGenerator<Buffer>,
): Promise<Pick<AppliedChannel, 'carried' | 'failed'>> {
  const archive = workFile(copy.dir, channel, 'package.zip');
  const sent = outcome === 'accepted' ? exportedBefore(copy, channel, id) : sentBefore(copy, channel);
  await copy.files.write(archive, bytes);
  const unpacked = await unpackPackage(archive, workFile(copy.dir, channel, 'package'));
  const carriedOut = await copy.exclusively(() =>
    carryOut(copy, unpacked, { ...sent, onCarried: () => undefined }),
  );
  const { sync, report } = unpacked;
  if (channel === 'photos') await rememberRefusedPhotos(copy, report);
  if (report.outcome === 'processed')
    await oweWhatIsLeft(copy, channel, report, {
      drift: carriedOut.drift,
      receipts: sent.upload?.receipts ?? [],
    });
  // In this order: a package that is left would be applied by the next sync over the network.
  await clearWork(copy, channel);
  const lastSync = { sync, at: now.toISOString(), outcome: report.outcome };
  await copy.changeChannel(channel, { carriedOut, upload: null, download: null, lastSync });
  return { carried: carriedOut.carried, failed: carriedOut.failed };
}

function exportedBefore(copy: LocalCopy, channel: Channel, id: string): SentBefore {
  const upload = copy.state().channels[channel].exports.find((one) => one.id === id)?.upload ?? null;
  return { upload, uploadFile: exportFile(copy, channel, id) };
}

async function remember(
  copy: LocalCopy,
  { channel, confirmed, highestIds, parameterFiles }: AnsweredChannel,
): Promise<void> {
  const { carriedOut } = copy.state().channels[channel];
  await copy.changeChannel(channel, {
    asked: { highestIds, parameterFiles },
    confirmed,
    // The server has seen the confirmation that the export brought.
    carriedOut: carriedOut?.sync === confirmed ? null : carriedOut,
  });
}
