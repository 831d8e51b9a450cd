import { fieldOf, type Fields, sameValue } from '../../../shared/domain/merge-copy';
import {
  type AdvowareEnd,
  advowareEnd,
  type AdvowareSettings,
  advowareSettings,
} from '../../../shared/systems/advoware';
import { type HttpAnswer, reasonOf } from '../../outside/http-client';
import {
  type Capabilities,
  type Draft,
  type Item,
  type Match,
  type Page,
  type Patch,
  type Revision,
  tombstone,
  type Written,
} from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { createLastLooks } from '../last-looks';
import type { Limiter, Outside, RemoteSystem, SystemConnector } from '../remote-system';
import { callsWithout } from '../unbound-calls';
import { type AdvowareApi, createAdvowareApi } from './api';
import { createKnownItems } from './known-items';
import { probeAdvoware } from './probe';
import {
  type AdvowareRecord,
  itemOf,
  keyOf,
  readList,
  readOne,
  type RecordShape,
  revisionOf,
} from './records';
import { createAdvowareTokens, type AdvowareTokens } from './tokens';
import { refusedBySystem } from '../../pipeline/refusal';

/**
 * Advoware, through its interface Advonet. It reports neither changes nor deletions, so everything is listed each time.
 * It has no preconditions, replaces whole records, keeps only some fields, and cannot search by fields.
 */
export function createAdvowareConnector(): SystemConnector {
  const tokenSources = new WeakMap<Limiter, { readonly auth: string; readonly source: AdvowareTokens }>();

  /** Each slice of a pair opens the system anew, but the token belongs to the installed system. */
  function tokensOf(
    settings: AdvowareSettings,
    outside: Outside,
    secrets: readonly string[],
  ): AdvowareTokens {
    const auth = JSON.stringify([settings.auth, settings.url, settings.gateway, settings.signature]);
    const known = tokenSources.get(outside.limiter);
    // After a token was refused, a new one is requested by the first opening after a person has resumed the system.
    if (known?.auth === auth && !known.source.isRefused) return known.source;
    const source = createAdvowareTokens(settings, outside, secrets);
    tokenSources.set(outside.limiter, { auth, source });
    return source;
  }

  return {
    open: async (opening, outside) => {
      const settings = advowareSettings.parse(opening.config);
      const { apiKey, password } = settings.auth;
      const secrets = [...opening.secrets, apiKey, password];
      const api = createAdvowareApi(settings, outside, secrets, tokensOf(settings, outside, secrets));
      const end = opening.end === null ? null : advowareEnd.parse(opening.end);
      return openSystem(api, end, opening.fields);
    },
    registerWebhooks: null,
  };
}

const capabilities: Capabilities = {
  changes: 'scan',
  deletions: 'none',
  // We compare revisions ourselves, right before each write.
  writes: 'conditional',
  creates: 'plain',
  // The response may show what we sent, and not what Advoware stores.
  answers: 'sent',
  tree: null,
  content: null,
  deferred: false,
  batch: 1,
};

function openSystem(api: AdvowareApi, end: AdvowareEnd | null, fields: readonly string[]): RemoteSystem {
  const probe: RemoteSystem['probe'] = (signal) => probeAdvoware(api, end, fields, signal);
  const close = () => Promise.resolve();
  if (end !== null) return { capabilities, ...createRecords(api, end, fields), probe, close };
  return { capabilities, ...callsWithout('an entity'), probe, close };
}

type Records = Omit<RemoteSystem, 'capabilities' | 'probe' | 'close'>;

function createRecords(api: AdvowareApi, end: AdvowareEnd, fields: readonly string[]): Records {
  const shape: RecordShape = { keyField: end.key, fields };
  const base = `/${encodeURIComponent(end.entity)}`;
  const path = (key: string) => `${base}/${encodeURIComponent(key)}`;
  const looks = createLastLooks();
  const known = createKnownItems();
  /** Whole records that were just read, to be sent back with the changes. */
  const records = new Map<string, AdvowareRecord>();
  const judge = createJudge();

  function seen(record: AdvowareRecord): Item {
    const item = itemOf(shape, record);
    looks.saw(item);
    records.set(item.key, record);
    for (const key of records.keys()) {
      if (records.size <= mostRecords) break;
      records.delete(key);
    }
    return item;
  }

  async function listAll(operation: string, signal: AbortSignal): Promise<readonly Item[]> {
    const answer = await api.call({ operation, method: 'GET', path: base }, signal);
    if (answer.status !== 200) throw troubleOf(answer);
    const items = readList(answer.json).map((record) => itemOf(shape, record));
    known.hold(items);
    return items;
  }

  async function fetchOne(key: string, signal: AbortSignal): Promise<Item | null> {
    const answer = await api.call({ operation: 'fetch', method: 'GET', path: path(key) }, signal);
    if (answer.status === 404) return null;
    if (answer.status !== 200) throw troubleOf(answer);
    // An empty response says nothing about the record. It does not mean that the record is deleted.
    if (answer.json === undefined || answer.json === null)
      throw new Trouble('unavailable', 'the server returned nothing for a record');
    const record = readOne(answer.json);
    if (record === null) return null;
    const item = seen(record);
    known.put(item);
    return item;
  }

  async function find(match: Match, signal: AbortSignal): Promise<readonly Item[]> {
    if (match.by !== 'fields') return [];
    const held = match.isFresh === true ? null : known.held();
    const items = held ?? (await listAll('find', signal));
    return items.filter((item) => hasAll(item, match.fields));
  }

  async function write(call: Parameters<AdvowareApi['call']>[0], signal: AbortSignal): Promise<HttpAnswer> {
    try {
      return await api.call(call, signal);
    } catch (error) {
      known.forget();
      throw error;
    }
  }

  async function create(draft: Draft, signal: AbortSignal): Promise<Written> {
    const json = { ...draft.fields };
    const answer = await write({ operation: 'create', method: 'POST', path: base, json }, signal);
    const refusal = judge(answer);
    if (refusal !== null) return refusal;
    const record = readOne(answer.json);
    if (record === null || keyOf(end.key, record) === null) {
      known.forget();
      throw new Trouble('unavailable', `the answer to a creation names no ${end.key}`);
    }
    const made = { ...json, ...record };
    const item = { ...itemOf(shape, made), revision: revisionOf(record) ?? '' };
    known.put(item);
    return { kind: 'done', item };
  }

  /** Null: the record has the expected revision. */
  async function expect(key: string, expected: Revision, signal: AbortSignal): Promise<Written | null> {
    if (looks.isFresh(key, expected) && records.has(key)) return null;
    const now = await fetchOne(key, signal);
    return now?.revision === expected ? null : { kind: 'stale', item: now };
  }

  async function update(
    key: string,
    patch: Patch,
    expected: Revision,
    signal: AbortSignal,
  ): Promise<Written> {
    const stale = await expect(key, expected, signal);
    if (stale !== null) return stale;
    const json = { ...records.get(key), ...patch.whole, ...patch.fields };
    looks.forget(key);
    records.delete(key);
    const answer = await write({ operation: 'update', method: 'PUT', path: path(key), json }, signal);
    const refusal = judge(answer);
    if (refusal !== null) return refusal;
    const written = readOne(answer.json);
    const rowId = written === null ? null : revisionOf(written);
    if (rowId === null) return doneOr(await fetchOne(key, signal));
    const item = { ...itemOf(shape, { ...json, [end.key]: key }), revision: rowId };
    known.put(item);
    return { kind: 'done', item };
  }

  return {
    async *list(_since, signal) {
      const items = await listAll('list', signal);
      yield* inPages(items);
    },
    async fetch(keys, signal) {
      const found = new Map<string, Item>();
      for (const key of keys) {
        const item = await fetchOne(key, signal);
        if (item !== null) found.set(key, item);
      }
      return found;
    },
    find,
    create: (_key, draft, signal) => create(draft, signal),
    update,
    move: () => Promise.reject(new Trouble('invalid', 'records have no places')),
    async delete(key, expected, signal) {
      const stale = await expect(key, expected, signal);
      if (stale !== null) return stale;
      looks.forget(key);
      records.delete(key);
      known.remove(key);
      const answer = await write({ operation: 'delete', method: 'DELETE', path: path(key) }, signal);
      return judge(answer) ?? { kind: 'done', item: tombstone(key) };
    },
  };
}

const mostRecords = 1_000;
const pageSize = 1_000;

function* inPages(items: readonly Item[]): Generator<Page> {
  for (let start = 0; ; start += pageSize) {
    const isLast = start + pageSize >= items.length;
    yield { items: items.slice(start, start + pageSize), cursor: null, isWhole: isLast };
    if (isLast) return;
  }
}

const hasAll = (item: Item, wanted: Fields): boolean =>
  Object.keys(wanted).every((name) => sameValue(fieldOf(item.fields, name), fieldOf(wanted, name)));

const doneOr = (item: Item | null): Written =>
  item === null ? { kind: 'stale', item: null } : { kind: 'done', item };

/**
 * Translates a refused write. Null: it was not refused. After several forbidden writes in a row, the whole system
 * counts as forbidden.
 */
function createJudge(): (answer: HttpAnswer) => Written | null {
  let forbidden = 0;
  return (answer) => {
    const { status } = answer;
    const reason = sentence(answer);
    forbidden = status === 403 ? forbidden + 1 : 0;
    if (forbidden >= forbiddenInARow) throw new Trouble('unauthorized', reason);
    if (status < 300) return null;
    if (status === 404) return { kind: 'stale', item: null };
    if (status === 409 || status === 412) return { kind: 'stale' };
    if (status === 413) return refusedBySystem('too-large', reason);
    return refusedBySystem(status === 403 ? 'forbidden' : 'invalid', reason);
  };
}

const forbiddenInARow = 3;

function sentence({ status, headers, json }: HttpAnswer): string {
  const said = reasonOf(headers, json);
  return said === '' ? `the server returned ${status}` : said;
}

/** For a call that is not about a single write. */
export function troubleOf(answer: HttpAnswer): Trouble {
  const kind = answer.status === 403 ? 'unauthorized' : answer.status === 404 ? 'fields' : 'invalid';
  return new Trouble(kind, sentence(answer));
}
