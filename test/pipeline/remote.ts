import { refusedBySystem } from '../../worker/pipeline/refusal';
import { createHash } from 'node:crypto';
import { fieldOf, type Fields, sameValue } from '../../shared/domain/merge-copy';
import {
  type Capabilities,
  type Content,
  type Cursor,
  type Draft,
  type Item,
  type Match,
  type NameRules,
  type Page,
  type Place,
  type RefusalCode,
  type System,
  tombstone,
  type Written,
} from '../../worker/pipeline/system';
import { Trouble } from '../../worker/pipeline/trouble';
import { createKill, type Kill, step } from './kill';

export interface RemoteOptions {
  readonly capabilities?: Partial<Capabilities>;
  /** How the server changes the fields that it gets. */
  readonly normalise?: (fields: Fields, before: Fields) => Fields;
  /** How it changes a name, without declaring it in its rules. */
  readonly normaliseName?: (name: string) => string;
  readonly sameName?: (one: string, other: string) => boolean;
  /** `counter`: another for each write; `second`: its clock; `hash`: of what the answer shows. */
  readonly revision?: 'counter' | 'second' | 'hash';
  /** Its answer to a write is what was sent, and says so in its capabilities or lies. */
  readonly echoes?: boolean;
  /** By time: how far back a cursor is moved, in its clock's seconds. */
  readonly overlap?: number;
  /** True: only a deleted folder itself is listed, and not its contents. */
  readonly tellsTops?: boolean;
  readonly pageSize?: number;
}

interface Row {
  key: string;
  fields: Fields;
  place: Place | null;
  isFolder: boolean;
  origin: string | null;
  isLive: boolean;
  at: number;
  version: number;
  bytes: Buffer | null;
}

/** The failures of the server. */
export interface Faults {
  /** A listing breaks off after so many items, with an error or in silence. */
  listsOnly: number | null;
  listingThrows: boolean;
  /** Living items that a complete listing lacks. */
  listingOmits: Set<string>;
  isCursorExpired: boolean;
  /** Every change is listed so many times. */
  mentions: number;
  refusesMoves: boolean;
  /** So many writes are carried out, and their answers lost. */
  losesAnswers: number;
  /** So many writes meet another one that came just before. */
  racing: number;
  /** Throws what a call is to throw. */
  onCall: (call: string, key: string) => void;
  /** Someone else, right before a write. */
  beforeWrite: (call: string, key: string) => void;
}

/** A system in memory, edited by people (`add`, `edit`…) and by the engine. It is hostile on purpose. */
export interface Remote extends System {
  readonly faults: Faults;
  readonly counts: Record<string, number>;
  /** Calls that wrote, or tried to. */
  readonly calls: string[];
  readonly rows: ReadonlyMap<string, Readonly<Row>>;
  /** Whole seconds. */
  clock: number;
  kill: Kill;
  add(name: string, particulars?: Particulars): string;
  edit(key: string, fields: Fields, at?: number): void;
  write(key: string, bytes: string | Buffer): void;
  moveTo(key: string, parent: string | null, name?: string): void;
  /** With all that lies in it. */
  remove(key: string): void;
  /** Path → fields, of all that lives; folders end in a slash. */
  tree(): Record<string, Fields>;
  /** Path → bytes. */
  files(): Record<string, string>;
  /** Fields of all that lives. */
  records(): Fields[];
  keyOf(path: string): string;
  forgetCalls(): void;
}

interface Particulars {
  readonly parent?: string | null;
  readonly isFolder?: boolean;
  readonly fields?: Fields;
  readonly bytes?: string | Buffer;
  readonly at?: number;
}

export const anyName: NameRules = { isCaseBlind: false, form: 'any', fitting: () => null };

export const treeCapabilities: Capabilities = {
  changes: 'delta',
  deletions: 'each',
  writes: 'conditional',
  creates: 'keyed',
  answers: 'stored',
  tree: anyName,
  content: null,
  deferred: false,
  batch: 1,
};

export const scanning = { changes: 'scan', deletions: 'none' } as const;

/** A list of records: nothing has a place. */
export const createRecords = (name: string, options: RemoteOptions = {}): Remote =>
  createRemote(name, { ...options, capabilities: { tree: null, ...options.capabilities } });

export function createRemote(name: string, options: RemoteOptions = {}): Remote {
  const able: Capabilities = { ...treeCapabilities, ...options.capabilities };
  const { normalise = (fields: Fields): Fields => fields, overlap = 0, pageSize = 3 } = options;
  const rows = new Map<string, Row>();
  const byOrigin = new Map<string, string>();
  const changes: string[] = [];
  let keys = 0;
  const written = options.normaliseName ?? ruledName;
  const isSame = options.sameName ?? ((one: string, other: string) => folded(one) === folded(other));

  const remote: Remote = {
    capabilities: able,
    faults: {
      listsOnly: null,
      listingThrows: false,
      listingOmits: new Set(),
      isCursorExpired: false,
      mentions: 1,
      refusesMoves: false,
      losesAnswers: 0,
      racing: 0,
      onCall: () => undefined,
      beforeWrite: () => undefined,
    },
    counts: {},
    calls: [],
    rows,
    clock: 1_000,
    kill: createKill(),
    list,
    fetch: async (wanted) => {
      const found = await call('fetch', wanted.join(' '), () =>
        wanted.flatMap((key): [string, Item][] => {
          const row = live(key);
          return row === undefined ? [] : [[key, show(row)]];
        }),
      );
      return new Map(found);
    },
    find: (match) =>
      call('find', match.by, () =>
        all()
          .filter((row) => matches(row, match))
          .map((row) => show(row)),
      ),
    create: (wished, draft) =>
      write('create', wished, draft.content, (bytes) => create(wished, draft, bytes)),
    update: (key, patch, expected) =>
      write('update', key, patch.content, (bytes) => {
        const row = expectedRow(key, expected);
        if (row === undefined) return stale(key);
        row.fields = normalise(patch.whole, row.fields);
        row.bytes = bytes ?? row.bytes;
        touch(row);
        return answer(row, patch.whole);
      }),
    move: (key, wanted, expected) =>
      write('move', key, null, () => {
        const row = expectedRow(key, expected);
        if (row === undefined) return stale(key);
        const place = placed(wanted);
        const refusal = remote.faults.refusesMoves
          ? refused('locked')
          : (badName(wanted) ?? refusalOf(place, key));
        if (refusal !== null) return refusal;
        row.place = place;
        touch(row);
        return answer(row, row.fields);
      }),
    delete: (key, expected) =>
      write('delete', key, null, () => {
        const row = expectedRow(key, expected);
        if (row === undefined) return stale(key);
        if (all().some(({ place }) => place?.parent === key)) return refused('not-empty');
        bury(row);
        return { kind: 'done', item: show(row) };
      }),
    add(title, { parent = null, isFolder = false, fields = {}, bytes, at } = {}) {
      const place = able.tree === null ? null : { parent, name: written(title) };
      const held = bytes === undefined ? null : Buffer.from(bytes);
      return put({ fields: normalise(fields, {}), place, isFolder, origin: null, bytes: held }, at).key;
    },
    edit(key, fields, at) {
      const row = present(key);
      row.fields = normalise({ ...row.fields, ...fields }, row.fields);
      touch(row, at);
    },
    write(key, bytes) {
      const row = present(key);
      row.bytes = Buffer.from(bytes);
      touch(row);
    },
    moveTo(key, parent, title) {
      const row = present(key);
      const place = { parent, name: title ?? row.place?.name ?? '' };
      const refusal = refusalOf(place, key);
      if (refusal?.kind === 'refused') throw new Error(refusal.code);
      row.place = place;
      touch(row);
    },
    remove(key) {
      for (const row of all()) {
        if (row.place?.parent !== key) continue;
        remote.remove(row.key);
        if (options.tellsTops === true) changes.splice(changes.lastIndexOf(row.key), 1);
      }
      bury(present(key));
    },
    tree: () => byPath((row) => row.fields),
    files: () => byPath((row) => row.bytes?.toString() ?? ''),
    records: () =>
      all()
        .map(({ fields }) => fields)
        .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
    keyOf(path) {
      const found = all().find((row) => pathOf(row) === path);
      if (found === undefined) throw new Error(`${name} has no ${path}`);
      return found.key;
    },
    forgetCalls() {
      for (const one of Object.keys(remote.counts)) remote.counts[one] = 0;
      remote.calls.length = 0;
    },
  };
  return remote;

  // Listing

  async function* list(since: Cursor | null): AsyncGenerator<Page> {
    const { faults } = remote;
    count('list');
    faults.onCall('list', '');
    await step(remote.kill, `${name}.list`, () => undefined);
    if (faults.isCursorExpired && since !== null) throw new Trouble('cursor-expired', '410');
    const isWhole = since === null || able.changes === 'scan';
    const shown = told(since, isWhole).map((row) => show(row));
    const repeated = Array.from({ length: faults.mentions }, () => shown).flat();
    const listed = faults.listsOnly === null ? repeated : repeated.slice(0, faults.listsOnly);
    for (let start = 0; start < listed.length; start += pageSize)
      yield { items: listed.slice(start, start + pageSize), cursor: null, isWhole: false };
    if (faults.listingThrows) throw new Trouble('unavailable', 'the listing broke off');
    if (faults.listsOnly === null) yield { items: [], cursor: cursorNow(), isWhole };
  }

  function told(since: Cursor | null, isWhole: boolean): Row[] {
    const known = isWhole
      ? [...rows.values()]
      : able.changes === 'timestamp'
        ? [...rows.values()].filter((row) => row.at >= Number(since) - overlap)
        : changes.slice(Number(since)).flatMap((key) => rows.get(key) ?? []);
    const isListed = (row: Row) => row.isLive || (able.deletions !== 'none' && !isWhole);
    return known.filter((row) => isListed(row) && !remote.faults.listingOmits.has(row.key));
  }

  function cursorNow(): Cursor | null {
    if (able.changes === 'scan') return null;
    if (able.changes === 'delta') return String(changes.length);
    return String(Math.max(0, ...[...rows.values()].map(({ at }) => at)));
  }

  // Calls

  function count(what: string): void {
    remote.counts[what] = (remote.counts[what] ?? 0) + 1;
  }

  async function call<T>(what: string, key: string, run: () => T | Promise<T>): Promise<T> {
    count(what);
    await Promise.resolve();
    remote.faults.onCall(what, key);
    return step(remote.kill, `${name}.${what} ${key}`, run);
  }

  async function write(
    what: string,
    key: string,
    content: Content | null,
    run: (bytes: Buffer | null) => Written,
  ): Promise<Written> {
    count(what);
    remote.calls.push(`${what} ${key}`);
    await Promise.resolve();
    const { faults } = remote;
    faults.onCall(what, key);
    if (faults.racing > 0) {
      faults.racing -= 1;
      const row = live(key);
      if (row !== undefined) touch(row);
    }
    faults.beforeWrite(what, key);
    const answered = await step(remote.kill, `${name}.${what} ${key}`, async () =>
      run(content === null ? null : await bytesOf(content)),
    );
    if (faults.losesAnswers === 0) return answered;
    faults.losesAnswers -= 1;
    throw new Trouble('unavailable', 'the answer was lost');
  }

  function create(wished: string, draft: Draft, bytes: Buffer | null): Written {
    const before = able.creates === 'keyed' ? live(byOrigin.get(wished) ?? '') : undefined;
    if (before !== undefined) return answer(before, before.fields);
    const place = placed(draft.place);
    const refusal = badName(draft.place) ?? refusalOf(place, null);
    if (refusal !== null) return refusal;
    const origin = able.creates === 'plain' ? null : wished;
    const { isFolder } = draft;
    const row = put({ fields: normalise(draft.fields, {}), place, isFolder, origin, bytes });
    byOrigin.set(wished, row.key);
    return answer(row, draft.fields);
  }

  function answer(row: Row, sent: Fields): Written {
    return { kind: 'done', item: show(row, options.echoes === true ? sent : row.fields) };
  }

  function stale(key: string): Written {
    const row = live(key);
    return { kind: 'stale', item: row === undefined ? null : show(row) };
  }

  function expectedRow(key: string, expected: string): Row | undefined {
    const row = live(key);
    if (row === undefined || able.writes === 'checked') return row;
    return show(row).revision === expected ? row : undefined;
  }

  /** Callers know the name rules. */
  function badName(place: Place | null): Written | null {
    const isBad = place !== null && able.tree !== null && able.tree.fitting(place.name) !== null;
    return isBad ? refused('bad-name') : null;
  }

  function refusalOf(place: Place | null, key: string | null): Written | null {
    if (place === null) return null;
    if (place.parent !== null && live(place.parent)?.isFolder !== true) return refused('no-folder');
    if (key !== null && liesIn(place.parent, key)) return refused('cycle');
    const isTaken = all().some(
      (row) => row.key !== key && row.place?.parent === place.parent && isSame(row.place.name, place.name),
    );
    return isTaken ? refused('name-taken') : null;
  }

  // Rows

  function show(row: Row, fields: Fields = row.fields): Item {
    if (!row.isLive) return { ...tombstone(row.key), revision: `d${row.version}`, isFolder: row.isFolder };
    const { key, place, isFolder, origin } = row;
    const item: Item = {
      key,
      revision: revisionOf(row, fields),
      isActive: true,
      fields,
      place,
      isFolder,
      origin,
    };
    return able.content === null ? item : { ...item, content: contentOf(row) };
  }

  function revisionOf(row: Row, fields: Fields): string {
    switch (options.revision ?? 'counter') {
      case 'counter':
        return `v${row.version}`;
      case 'second':
        return `t${row.at}`;
      case 'hash': {
        const present = Object.entries(fields).filter(([, value]) => value !== null);
        return createHash('sha1')
          .update(JSON.stringify([present.sort(), row.place]))
          .digest('hex');
      }
    }
  }

  function put(row: Omit<Row, 'key' | 'isLive' | 'at' | 'version'>, at?: number): Row {
    keys += 1;
    const stored: Row = { ...row, key: `${name}${keys}`, isLive: true, at: 0, version: 0 };
    rows.set(stored.key, stored);
    touch(stored, at);
    return stored;
  }

  function touch(row: Row, at: number = remote.clock): void {
    row.version += 1;
    row.at = at;
    changes.push(row.key);
  }

  function bury(row: Row): void {
    row.isLive = false;
    touch(row);
  }

  function live(key: string): Row | undefined {
    const row = rows.get(key);
    return row?.isLive === true ? row : undefined;
  }

  function present(key: string): Row {
    const row = live(key);
    if (row === undefined) throw new Error(`${name} has no ${key}`);
    return row;
  }

  function all(): Row[] {
    return [...rows.values()].filter(({ isLive }) => isLive);
  }

  // Places

  function placed(place: Place | null): Place | null {
    return place === null || able.tree === null ? null : { parent: place.parent, name: written(place.name) };
  }

  function ruledName(title: string): string {
    const rules = able.tree ?? anyName;
    const fitting = rules.fitting(title) ?? title;
    return rules.form === 'any' ? fitting : fitting.normalize(rules.form);
  }

  function folded(title: string): string {
    return able.tree?.isCaseBlind === true ? title.toLowerCase() : title;
  }

  function liesIn(folder: string | null, key: string): boolean {
    let at = folder;
    while (at !== null && at !== key) at = rows.get(at)?.place?.parent ?? null;
    return at === key;
  }

  function pathOf({ key, place }: Row): string {
    if (place === null) return key;
    const folder = place.parent === null ? undefined : rows.get(place.parent);
    return folder === undefined ? place.name : `${pathOf(folder)}/${place.name}`;
  }

  function byPath<T>(value: (row: Row) => T): Record<string, T> {
    const entries = all().map((row): [string, T] => [`${pathOf(row)}${row.isFolder ? '/' : ''}`, value(row)]);
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  }

  function matches(row: Row, match: Match): boolean {
    switch (match.by) {
      case 'fields':
        return Object.entries(match.fields).every(([field, value]) =>
          sameValue(fieldOf(row.fields, field), value),
        );
      case 'parent':
        return row.place !== null && row.place.parent === match.parent;
      case 'place':
        return row.place !== null && row.place.parent === match.parent && isSame(row.place.name, match.name);
      case 'origin':
        return row.origin === match.key;
    }
  }
}

const refused = (code: RefusalCode): Written => refusedBySystem(code, `the server said ${code}`);

function contentOf({ bytes, isFolder }: Row): Content | null {
  if (isFolder || bytes === null) return null;
  return {
    size: bytes.length,
    hash: `sha1:${createHash('sha1').update(bytes).digest('hex')}`,
    open: async () =>
      (async function* () {
        yield bytes;
      })(),
  };
}

async function bytesOf(content: Content): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of await content.open(new AbortController().signal)) parts.push(part);
  return Buffer.concat(parts);
}
