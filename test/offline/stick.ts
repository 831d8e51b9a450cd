import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Enrolled } from '../../client/backoffice';
import type { LocalCopy } from '../../client/local-copy/local-copy';
import { type AppliedChannel, applyFromStick } from '../../client/offline/apply-from-stick';
import { exportToStick } from '../../client/offline/export-to-stick';
import {
  importFile,
  signInAsStaff,
  type StaffCredentials,
  type TakenFile,
} from '../../client/offline/import-file';
import type { Channel } from '../../shared/domain/channel';
import type { RealServer } from '../client/real-server';

export const mac = '00:1a:2b:3c:4d:5e';

const sticks: string[] = [];

/** An empty folder, which is removed after the tests of the file. */
export async function newStick(): Promise<string> {
  const stick = await mkdtemp(path.join(tmpdir(), 'epack-stick-'));
  sticks.push(stick);
  return stick;
}

afterAll(async () => {
  await Promise.all(sticks.splice(0).map((stick) => rm(stick, { recursive: true, force: true })));
});

export const credentialsOf = ({ mail, secret }: Enrolled) => ({ mail, secret, mac });

/** The solution writes a file to the stick. */
export async function exported(
  copy: LocalCopy,
  enrolled: Enrolled,
  channels: readonly Channel[] = ['synchro'],
): Promise<string> {
  const to = path.join(await newStick(), 'export.epack');
  const credentials = credentialsOf(enrolled);
  return (await exportToStick({ copy, credentials, channels, to, now: new Date() })).file;
}

/** Staff take it in, and the response is written beside it. */
export async function takenIn(
  real: RealServer,
  file: string,
  staff: StaffCredentials = real.server.admin,
): Promise<{ taken: TakenFile; response: string }> {
  const response = `${file}.response`;
  const token = await tokenOf(real, staff);
  const { exchange } = real;
  const taken = await importFile({ exchange, token, file, responseTo: response, maxWaitSeconds: 60 });
  return { taken, response };
}

/** Staff sign in once per server: checking a password is slow on purpose. */
const tokens = new Map<string, Promise<string>>();

function tokenOf({ exchange, server }: RealServer, staff: StaffCredentials): Promise<string> {
  const who = `${server.url} ${staff.email}`;
  const token = tokens.get(who) ?? signInAsStaff(exchange, staff);
  tokens.set(who, token);
  return token;
}

export const applied = (
  copy: LocalCopy,
  enrolled: Enrolled,
  file: string,
): Promise<readonly AppliedChannel[]> =>
  applyFromStick({ copy, credentials: credentialsOf(enrolled), file, now: new Date() });

/** There and back. */
export async function roundTrip(
  real: RealServer,
  copy: LocalCopy,
  enrolled: Enrolled,
  channels?: readonly Channel[],
): Promise<{ taken: TakenFile; applied: readonly AppliedChannel[] }> {
  const { taken, response } = await takenIn(real, await exported(copy, enrolled, channels));
  return { taken, applied: await applied(copy, enrolled, response) };
}
