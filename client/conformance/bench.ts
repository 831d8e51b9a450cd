import { randomBytes } from 'node:crypto';
import { heldArchive } from '../../shared/archive/archive-bytes';
import { generousLimits, readable } from '../../shared/archive/read-archive';
import { readZipDirectory } from '../../shared/archive/zip-directory';
import type { Channel } from '../../shared/domain/channel';
import { headerOf, member, need, needEqual, needStatus, textMember } from './expectations';
import { handmadeZip } from './handmade-zip';
import type { Reply, Wire, WireCall } from './wire';

/** Who the suite signs in as. Its data on the server are changed. */
export interface SuiteSolution {
  readonly mail: string;
  readonly secret: string;
  readonly mac: string;
}

/** A server under test, and what a check needs on it. */
export interface Bench {
  readonly wire: Wire;
  readonly solution: SuiteSolution;
  /** Null: none was given. */
  readonly second: SuiteSolution | null;
  readonly login: (fields: Readonly<Record<string, unknown>>, channel?: string) => Promise<Reply>;
  /** A solution that is signed in, on one channel. */
  readonly on: (channel: Channel, who?: SuiteSolution) => Promise<ChannelWire>;
  /** The same, with the channel brought to status 0. */
  readonly idle: (channel: Channel, who?: SuiteSolution) => Promise<ChannelWire>;
  readonly zip: (files: ZipFiles) => Buffer;
  /** An id that no entity has yet. */
  readonly freshId: () => string;
  /** Something that is in no other run of the suite. */
  readonly mark: string;
}

/** The calls of one channel. */
export interface ChannelWire {
  readonly channel: Channel;
  readonly token: string;
  /** @param path below `/v4/{channel}/`. */
  readonly call: (path: string, call?: WireCall) => Promise<Reply>;
  readonly statut: () => Promise<unknown>;
  /** Sends an archive as the bare body. */
  readonly post: (archive: Buffer, headers?: Readonly<Record<string, string>>) => Promise<Reply>;
  /** Waits until the package is there. */
  readonly until2: () => Promise<void>;
  /** Sends, waits, fetches. The package is not confirmed. */
  readonly sync: (files: ZipFiles) => Promise<Fetched>;
  readonly confirm: (body?: unknown) => Promise<Reply>;
  /** Of a table that may have rows; the ids above it are free. */
  readonly highestId: (table: string) => Promise<bigint>;
}

export type ZipFiles = Readonly<Record<string, string | Buffer>>;

export interface Fetched {
  readonly sync: string;
  readonly reply: Reply;
  /** By name, as it stands in the package. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly report: unknown;
  readonly manifest: unknown;
}

const zipOf = (files: ZipFiles): Buffer =>
  handmadeZip(Object.entries(files).map(([name, content]) => ({ name, content })));

/** @throws AppError `bad-archive`, `not-a-zip`. */
export async function unzipped(archive: Buffer): Promise<ReadonlyMap<string, Buffer>> {
  const held = heldArchive(archive);
  const directory = await readZipDirectory(held, generousLimits);
  const files = new Map<string, Buffer>();
  for (const entry of directory.entries) files.set(entry.name, await readable(held, directory, entry).read());
  return files;
}

export function createBench(wire: Wire, solution: SuiteSolution, second: SuiteSolution | null): Bench {
  const tokens = new Map<string, Promise<string>>();
  const login: Bench['login'] = (fields, channel = 'synchro') =>
    wire.call(`/v4/${channel}/login`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(fields),
    });
  const tokenOf = (who: SuiteSolution): Promise<string> => {
    const kept = tokens.get(who.mail) ?? signIn(login, who);
    tokens.set(who.mail, kept);
    return kept;
  };
  const on: Bench['on'] = async (channel, who = solution) => channelWire(wire, channel, await tokenOf(who));
  let last = BigInt(Date.now()) * 1000n;
  return {
    ...{ wire, solution, second, login, on, zip: zipOf },
    idle: async (channel, who) => {
      const there = await on(channel, who);
      await bringTo0(there);
      return there;
    },
    freshId: () => String((last += 1n)),
    mark: randomBytes(6).toString('hex'),
  };
}

/** The members of a login. */
export const loginFields = ({ mail, secret, mac }: SuiteSolution) => ({
  mail_solution: mail,
  MAC: mac,
  secret,
});

async function signIn(login: Bench['login'], who: SuiteSolution): Promise<string> {
  const reply = await login(loginFields(who));
  needStatus(reply, 200);
  need(typeof reply.json === 'string', 'login returns a JSON string', reply.text);
  return reply.json;
}

function channelWire(wire: Wire, channel: Channel, token: string): ChannelWire {
  const call: ChannelWire['call'] = (path, { headers, ...rest } = {}) =>
    wire.call(`/v4/${channel}/${path}`, {
      ...rest,
      headers: { Authorization: `Bearer ${token}`, ...headers },
    });
  const post: ChannelWire['post'] = (archive, headers = {}) =>
    call('datas', {
      method: 'POST',
      body: archive,
      headers: { 'Content-Type': 'application/zip', ...headers },
    });
  const there = { channel, token, call, post };
  return {
    ...there,
    statut: async () => (await call('statut')).json,
    until2: () => until2(there),
    sync: async (files) => {
      const posted = await post(zipOf(files));
      needStatus(posted, 200);
      await until2(there);
      return fetched(await call('datas'), textMember(posted.json, 'sync'));
    },
    confirm: (body) =>
      call('confirm', {
        method: 'POST',
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } }),
      }),
    highestId: async (table) => {
      const reply = await call('lastIdLogs');
      needStatus(reply, 200);
      return BigInt(textMember(reply.json, table));
    },
  };
}

async function until2(there: Pick<ChannelWire, 'call'>): Promise<void> {
  needEqual('the status after 1', await statutAfter1(there), '2');
}

async function statutAfter1({ call }: Pick<ChannelWire, 'call'>): Promise<unknown> {
  for (let polls = 0; polls < mostPolls; polls++) {
    const { json } = await call('statut?wait=20&not=1');
    if (json !== '1') return json;
    if (polls > 2) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return '1';
}

/** A server that does not wait is asked every half second. */
const mostPolls = 120;

/** An upload of another check may have been cut off: the server then gives it up. */
async function bringTo0(there: ChannelWire): Promise<void> {
  const now = await statutAfter1(there);
  if (now === '2') needStatus(await there.confirm(), 200);
  else needEqual('the status', now, '0');
}

async function fetched(reply: Reply, sync: string): Promise<Fetched> {
  needStatus(reply, 200);
  const files = await unzipped(reply.body);
  const report = jsonOf(files, 'report.json');
  return { sync, reply, files, report, manifest: jsonOf(files, 'manifest.json') };
}

function jsonOf(files: ReadonlyMap<string, Buffer>, name: string): unknown {
  const content = files.get(name);
  need(content !== undefined, `the package holds ${name}`, [...files.keys()]);
  return JSON.parse(content.toString('utf8'));
}

/** What the report counts, e.g. `counted(report, 'logs', 'Tbfridge')`. */
export const counted = (report: unknown, kind: 'logs' | 'params', name: string): unknown =>
  member(report, kind, name);

/** The codes of what the report rejects, in its order. */
export function rejectedCodes(report: unknown): unknown[] {
  const rejections = member(report, 'rejections');
  need(Array.isArray(rejections), 'the report has the array rejections', report);
  return rejections.map((one) => member(one, 'code'));
}

/** Rows of `Tbfridge`. */
export function fridgeRows(ids: readonly bigint[], temp = '3.4'): string {
  const rows = ids.map((id) => `${id},2026-01-05 07:31:00,Conformance,${temp}`);
  return ['Id,MeasuredAt,FridgeName,Temp', ...rows, ''].join('\r\n');
}

/** The file `Fridges.xml` with one entity. */
export function fridgeFile(id: string, { name = 'Conformance', isActive = true } = {}): string {
  return `<?xml version="1.0" encoding="utf-8"?><ArrayOfDefFridges><DefFridges><Id>${id}</Id><Ts>2026-01-05 07:31:00</Ts><IsActive>${isActive}</IsActive><Name>${name}</Name><TempMin>0</TempMin><TempMax>4</TempMax></DefFridges></ArrayOfDefFridges>`;
}

export const epackSync = (reply: Reply): string | null => headerOf(reply, 'epack-sync');
