import path from 'node:path';
import type { ClassDigest } from '../../shared/formats/class-digest';
import { carryRows, type TableToCarry } from './carry-rows';
import { carrySettings } from './carry-settings';
import { sha256Of } from './durable-files';
import { findDrift } from './find-drift';
import { csvFile, type LocalCopy, photoIndexFile, xmlFile } from './local-copy';
import { readSettings, readSettingsFrom, type SettingElement, settingsText } from './settings-file';
import type { BuiltUpload, CarriedOut, FailedInstruction } from './sync-state';
import type { InstructionFile, UnpackedPackage } from './unpack-package';
import { readSentFile } from './sent-archive';
import { messageOf } from './system-error';
import { piecesOfFile } from './read-file';

export interface CarryOptions {
  /** The files that were sent in the sync of this package, if they are known. */
  readonly upload: BuiltUpload | null;
  /** The archive of that upload. */
  readonly uploadFile: string;
  readonly onCarried: (file: InstructionFile, failed: number) => void;
}

/**
 * Applies a package's instructions to the local copy: one file of the copy after another, each in one step. A program
 * that is stopped in between begins again from the start: instructions that were already applied change nothing.
 */
export async function carryOut(
  copy: LocalCopy,
  unpacked: UnpackedPackage,
  options: CarryOptions,
): Promise<CarriedOut> {
  const untouched = await untouchedClasses(copy, unpacked, options);
  const failed: FailedInstruction[] = [];
  let carried = 0;
  for (const subject of bySubject(unpacked.files)) {
    const result = await carrySubject(copy, subject, options);
    failed.push(...result.failed);
    carried += result.carried;
    for (const file of subject) {
      options.onCarried(file, result.failed.filter((one) => one.file === file.name).length);
    }
  }
  const comparable = untouched?.filter(([name]) => !failed.some(({ file }) => isAbout(file, name)));
  const drift = comparable === undefined ? null : await findDrift(copy, Object.fromEntries(comparable));
  return { sync: unpacked.sync, carried, failed, drift };
}

/**
 * What the server believes about the classes that have not been edited here since they were sent. Null: the server did
 * not say, or the sent files are not known.
 */
async function untouchedClasses(
  copy: LocalCopy,
  { classes }: UnpackedPackage,
  { upload }: CarryOptions,
): Promise<[string, ClassDigest][] | null> {
  if (classes === null || upload === null) return null;
  const untouched: [string, ClassDigest][] = [];
  for (const [name, believed] of Object.entries(classes)) {
    const sent = upload.sentFiles[`xml/${name}.xml`];
    if (sent === undefined || sent === (await sha256Of(xmlFile(copy.dir, name))))
      untouched.push([name, believed]);
  }
  return untouched;
}

const isAbout = (file: string, className: string): boolean =>
  file.toLowerCase().startsWith(`xml/${className.toLowerCase()}-`);

/** The instruction files about one class or table. */
type Subject = readonly [InstructionFile, ...InstructionFile[]];

interface Carried {
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
}

function bySubject(files: readonly InstructionFile[]): Subject[] {
  const subjects = new Map<string, [InstructionFile, ...InstructionFile[]]>();
  for (const file of files) {
    const name = `${file.kind} ${file.subject.toLowerCase()}`;
    const same = subjects.get(name);
    if (same === undefined) subjects.set(name, [file]);
    else same.push(file);
  }
  return [...subjects.values()];
}

async function carrySubject(copy: LocalCopy, subject: Subject, options: CarryOptions): Promise<Carried> {
  const [first] = subject;
  if (first.kind === 'xml') return carryClass(copy, subject, options);
  const table = tableOf(copy, first.subject, options.upload);
  return carryRows(
    copy.files,
    table,
    subject.map(({ name, op, path: at }) => ({ file: name, op, path: at })),
  );
}

async function carryClass(copy: LocalCopy, subject: Subject, options: CarryOptions): Promise<Carried> {
  const className = subject[0].subject;
  const file = xmlFile(copy.dir, className);
  let local: readonly SettingElement[];
  try {
    local = (await readSettings(file)) ?? [];
  } catch (error) {
    // The file is damaged here: only a replacement can repair it, and it must not be compared with something
    // unreadable.
    if (!subject.some(({ op }) => op === 'r')) return allFailed(subject, reasonOf(error));
    local = [];
  }
  const sent = await sentSettings(file, options);
  const instructions = await Promise.all(
    subject.map(async ({ name, op, path: at }) => ({
      file: name,
      op,
      elements: await readSettingsFrom(piecesOfFile(at)),
    })),
  );
  const { elements, carried, failed } = carrySettings(local, sent, instructions);
  if (elements.length !== local.length || elements.some((element, place) => element !== local[place])) {
    await copy.files.write(file, settingsText(className, elements));
  }
  return { carried, failed };
}

/** The class as it was sent, or null if nothing has changed since. */
async function sentSettings(file: string, options: CarryOptions): Promise<SettingElement[] | null> {
  const name = `xml/${path.basename(file)}`;
  const digest = options.upload?.sentFiles[name];
  if (digest === undefined || digest === (await sha256Of(file))) return null;
  return readSentFile(options.uploadFile, name);
}

async function allFailed(subject: Subject, reason: string): Promise<Carried> {
  const failed: FailedInstruction[] = [];
  for (const { name, path: at } of subject) {
    for (const { id } of await readSettingsFrom(piecesOfFile(at)))
      failed.push({ file: name, id: id ?? '', reason });
  }
  return { carried: 0, failed };
}

function reasonOf(error: unknown): string {
  return `The solution's own file cannot be read: ${messageOf(error)}`;
}

function tableOf(copy: LocalCopy, subject: string, upload: BuiltUpload | null): TableToCarry {
  // The index lists the photos of the server; csv/Photos.csv lists what the solution's photos belong to.
  if (subject.toLowerCase() === 'photos') {
    return { path: photoIndexFile(copy.dir), keyColumn: 'Name', highestSent: null };
  }
  const highest = upload?.highestIds[subject];
  return {
    path: csvFile(copy.dir, subject),
    keyColumn: 'Id',
    highestSent: highest === undefined ? null : BigInt(highest),
  };
}
