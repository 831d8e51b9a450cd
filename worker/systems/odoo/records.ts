import { fieldOf, type Fields, sameValue } from '../../../shared/domain/merge-copy';
import type { OdooEnd } from '../../../shared/systems/odoo';
import {
  type Draft,
  type Item,
  type Match,
  type Patch,
  type Revision,
  tombstone,
  type Written,
} from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { createLastLooks } from '../last-looks';
import type { FieldTypes } from '../remote-system';
import { createBoundedMap } from '../bounded-map';
import type { Domain } from './domain';
import { createExternalIds } from './external-ids';
import { fieldName } from './field-name';
import { leavesOf } from './finding';
import type { ListedRecord, RecordsWish } from './listing';
import { readLoaded } from './loading';
import type { Odoo } from './opened';
import { createOrigins, externalIdOf } from './origins';
import { createReader } from './reader';
import { isRecordNumber } from './record-number';
import { createRelations } from './relations';
import { revisionOf } from './rows';
import { typesOf } from './schema';
import { createVerdicts } from './verdicts';
import { createWriting } from './writing';

/** The records of one model that belong to a pair. */
export interface Records {
  fieldTypes(signal: AbortSignal): Promise<FieldTypes>;
  list(wish: RecordsWish, signal: AbortSignal): Promise<readonly ListedRecord[]>;
  newestChange(signal: AbortSignal): Promise<string | null>;
  fetch(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  find(match: Match, signal: AbortSignal): Promise<readonly Item[]>;
  create(key: string, draft: Draft, signal: AbortSignal): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

export function createRecords(odoo: Odoo, end: OdooEnd): Records {
  const { api } = odoo;
  const { model } = end;
  const names = odoo.opening.fields.map(fieldName);
  const externalIds = createExternalIds(api);
  const relations = createRelations(externalIds);
  const origins = createOrigins(externalIds, model);
  const reader = createReader(odoo, end, { names, relations, origins });
  const verdicts = createVerdicts(odoo, model);
  const looks = createLastLooks();
  /** The items that were read before writes: the result of a write is shown without another call. */
  const items = createBoundedMap<string, Item>(1_000);

  function seen(record: ListedRecord): ListedRecord {
    const { item } = record;
    if (item.isActive) looks.saw(item);
    if (item.isActive) items.set(item.key, item);
    return record;
  }

  async function read(operation: string, where: Domain, signal: AbortSignal): Promise<readonly Item[]> {
    const wish = { where, most: mostRead, tellsArchived: false };
    return (await reader.read(operation, wish, signal)).map((record) => seen(record).item);
  }

  async function fetchOne(key: string, signal: AbortSignal): Promise<Item | null> {
    if (!isRecordNumber(key)) return null;
    const [item = null] = await read('fetch', [['id', '=', Number(key)]], signal);
    return item;
  }

  /** The server does not compare, so we do, right before the write. */
  async function expected(key: string, revision: Revision, signal: AbortSignal): Promise<Looked> {
    const known = items.get(key);
    if (known !== undefined && looks.isFresh(key, revision)) return { kind: 'as-expected', item: known };
    const now = await fetchOne(key, signal);
    if (now?.revision === revision) return { kind: 'as-expected', item: now };
    return { kind: 'stale', item: now };
  }

  function forget(key: string): void {
    looks.forget(key);
    items.delete(key);
  }

  async function ofOrigin(key: string, signal: AbortSignal): Promise<readonly Item[]> {
    const found = await externalIds.find(externalIdOf(key), signal);
    if (found?.model !== model) return [];
    origins.learn(found.id, key);
    const item = await fetchOne(String(found.id), signal);
    return item === null ? [] : [item];
  }

  async function ofFields(fields: Fields, signal: AbortSignal): Promise<readonly Item[]> {
    const schema = await reader.schema(signal);
    const leaves = await leavesOf(schema, relations, fields, signal);
    if (leaves.length === 0) return [];
    const found = await read('find', leaves, signal);
    // The server cannot compare a set, or a text with markup.
    return found.filter((item) =>
      Object.keys(fields).every((name) => sameValue(fieldOf(item.fields, name), fieldOf(fields, name))),
    );
  }

  return {
    fieldTypes: async (signal) => typesOf(await reader.schema(signal), names),
    list: async (wish, signal) => (await reader.read('list', wish, signal)).map((record) => seen(record)),
    newestChange: (signal) => reader.newestChange(signal),
    async fetch(keys, signal) {
      const ids = keys.filter(isRecordNumber).map(Number);
      if (ids.length === 0) return new Map();
      const found = await read('fetch', [['id', 'in', ids]], signal);
      return new Map(found.map((item) => [item.key, item]));
    },
    find(match, signal) {
      switch (match.by) {
        case 'origin':
          return ofOrigin(match.key, signal);
        case 'fields':
          return ofFields(match.fields, signal);
        case 'place':
        case 'parent':
          return Promise.resolve([]);
      }
    },
    async create(key, { fields }, signal) {
      const schema = await reader.schema(signal);
      const cells = await createWriting(schema, relations).forLoad(fields, end.domain, signal);
      if (cells.kind === 'refused') return cells;
      const parameters = { fields: ['id', ...cells.names], data: [[externalIdOf(key), ...cells.cells]] };
      const answer = await api.call({ operation: 'create', model, method: 'load', parameters }, signal);
      if (answer.kind === 'fault') return verdicts.ofFault('create', answer.fault, signal);
      const loaded = readLoaded(answer.value);
      if (typeof loaded !== 'number') return loaded;
      origins.learn(loaded, key);
      // The defaults are not known yet: a caller that needs them reads the record once more.
      return { kind: 'done', item: { ...shell(loaded, key), fields } };
    },
    async update(key, { fields }, revision, signal) {
      const schema = await reader.schema(signal);
      const sent = await createWriting(schema, relations).forWrite(fields, signal);
      if (sent.kind === 'refused') return sent;
      const looked = await expected(key, revision, signal);
      if (looked.kind === 'stale') return looked;
      forget(key);
      const call = { operation: 'update', model, method: 'write', ids: [Number(key)] };
      const answer = await api.call({ ...call, parameters: { vals: sent.values } }, signal);
      if (answer.kind === 'fault') return verdicts.ofFault('write', answer.fault, signal);
      throwUnlessTrue(answer.value);
      const now = { ...looked.item.fields, ...sent.shown };
      return {
        kind: 'done',
        item: { ...looked.item, fields: now, revision: revisionOf(now) },
        isAssumed: true,
      };
    },
    async delete(key, revision, signal) {
      const looked = await expected(key, revision, signal);
      if (looked.kind === 'stale') return looked;
      forget(key);
      const call = { operation: 'delete', model, ids: [Number(key)] };
      const answer = await api.call(
        end.deletion === 'archive'
          ? { ...call, method: 'write', parameters: { vals: { active: false } } }
          : { ...call, method: 'unlink', parameters: {} },
        signal,
      );
      if (answer.kind === 'fault') return verdicts.ofFault('unlink', answer.fault, signal);
      throwUnlessTrue(answer.value);
      return { kind: 'done', item: tombstone(key) };
    },
  };
}

/** More than any batch. */
const mostRead = 500;

type Looked =
  | { readonly kind: 'as-expected'; readonly item: Item }
  | { readonly kind: 'stale'; readonly item: Item | null };

const shell = (id: number, origin: string): Item => ({ ...tombstone(String(id)), isActive: true, origin });

function throwUnlessTrue(value: unknown): void {
  if (value !== true) throw new Trouble('unavailable', 'a write was not answered by true');
}
