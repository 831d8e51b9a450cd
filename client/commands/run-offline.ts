import { type Channel, channels } from '../../shared/domain/channel';
import { createExchange } from '../http/exchange';
import { hasLocalCopy, openLocalCopy } from '../local-copy/local-copy';
import { type AppliedChannel, applyFromStick } from '../offline/apply-from-stick';
import { exportToStick } from '../offline/export-to-stick';
import { importFile, signInAsStaff } from '../offline/import-file';
import type { Credentials } from '../session';
import { noCopy } from '../solution-error';
import { plural, whatIsIn } from '../wording';
import { needServer } from './first-contact';

interface SolutionOptions extends Credentials {
  readonly dir: string;
}

export interface ExportCommandOptions extends SolutionOptions {
  readonly to: string;
  readonly channel?: readonly Channel[];
}

export type ApplyCommandOptions = SolutionOptions;

export interface ImportCommandOptions {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly responseTo?: string;
  readonly maxWait: number;
}

/** @returns the exit code. */
export async function runExport({ dir, to, channel, ...who }: ExportCommandOptions): Promise<number> {
  const copy = await openLocalCopy(dir);
  try {
    const options = { copy, credentials: who, channels: channel ?? channels, to, now: new Date() };
    const { file, contents } = await exportToStick(options);
    for (const [name, inIt] of contents) console.log(`${name}: ${whatIsIn(inIt)}`);
    console.log(`written to ${file}`);
  } finally {
    await copy.close();
  }
  return 0;
}

/** @returns the exit code: 0 applied, 1 something has to be done again, 2 an instruction could not be carried out. */
export async function runApply(file: string, { dir, ...who }: ApplyCommandOptions): Promise<number> {
  if (!(await hasLocalCopy(dir))) throw noCopy(dir);
  const copy = await openLocalCopy(dir);
  try {
    const applied = await applyFromStick({ copy, credentials: who, file, now: new Date() });
    for (const channel of applied) console.log(lineOf(channel));
    if (applied.some(({ outcome }) => outcome === 'refused' || outcome === 'busy')) return 1;
    return applied.some(({ failed }) => failed.length > 0) ? 2 : 0;
  } finally {
    await copy.close();
  }
}

/** @returns the exit code: 1 if something was refused or has to be taken in again. */
export async function runImport(file: string, options: ImportCommandOptions): Promise<number> {
  const { url, email, password, maxWait } = options;
  await needServer(url);
  const responseTo = options.responseTo ?? `${file.replace(/\.epack$/i, '')}.response.epack`;
  const { exchange, close } = createExchange(url);
  try {
    const token = await signInAsStaff(exchange, { email, password });
    const taken = await importFile({ exchange, token, file, responseTo, maxWaitSeconds: maxWait });
    console.log(`taken in for ${taken.solutionName}`);
    for (const { channel, outcome, detail } of taken.channels)
      console.log(`${channel}: ${outcome}${detail === null ? '' : `: ${detail}`}`);
    console.log(`the response is in ${responseTo}: put it on the stick`);
    return taken.channels.some(({ outcome }) => outcome === 'refused' || outcome === 'busy') ? 1 : 0;
  } finally {
    close();
  }
}

function lineOf({ channel, outcome, carried, failed, detail }: AppliedChannel): string {
  const done = `${plural(carried, 'instruction')}${failed.length === 0 ? '' : `, ${failed.length} failed`}`;
  return `${channel}: ${texts[outcome](done)}${detail === null ? '' : ` ${detail}`}`;
}

const texts: Readonly<Record<AppliedChannel['outcome'], (done: string) => string>> = {
  accepted: (done) => `applied, ${done}`,
  'earlier-package': (done) =>
    `an earlier package was applied, ${done}. The server did not take this export in: export again.`,
  superseded: () => 'the server did not take this export in, because there was a newer sync. Export again.',
  refused: () => 'the server refused the upload.',
  busy: () => 'the server was busy with another sync. Have the same file taken in again.',
  'applied-before': () => 'it was applied before, and nothing changed',
  'not-awaited': () => 'this response is about an export that is settled already, and nothing changed',
  'nothing-to-apply': () => 'there is nothing to apply',
};
