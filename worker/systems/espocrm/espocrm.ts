import { fieldOf, type Fields, type FieldValue, sameValue } from '../../../shared/domain/merge-copy';
import { type EspocrmEnd, espocrmEnd, espocrmSettings } from '../../../shared/systems/espocrm';
import type { HttpAnswer } from '../../outside/http-client';
import {
  type Capabilities,
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
import type { FieldTypes, RemoteSystem, SystemConnector } from '../remote-system';
import { createSchemaCache } from '../schema-cache';
import { callsWithout } from '../unbound-calls';
import { type Condition, createEspoApi, credentialsOf, whereOf } from './api';
import { listPages, type ListRows } from './listing';
import type { Espocrm } from './opened';
import { probeEspocrm } from './probe';
import { isLockedOut, refusalOf, troubleOf } from './refusals';
import { type Action, readRights } from './rights';
import { itemOf, jsonOf, readRow, readRows, type Row, type RowShape, versionOf } from './rows';
import { type EntitySchema, readSchema } from './schema';
import { registerWebhooks } from './webhooks';

/**
 * EspoCRM, through its interface `api/v1`. It has records but no tombstones, and compares versions if this is
 * configured.
 */
export function createEspocrmConnector(): SystemConnector {
  const schemas = createSchemaCache<EntitySchema, string>('entity type');
  return {
    open: async (opening, outside) => {
      const settings = espocrmSettings.parse(opening.config);
      const api = createEspoApi(
        { url: settings.url, auth: credentialsOf(settings) },
        outside,
        opening.secrets,
      );
      const end = opening.end === null ? null : espocrmEnd.parse(opening.end);
      return openSystem({ settings, end, opening, outside, api, schemas });
    },
    registerWebhooks,
  };
}

function capabilitiesOf(end: EspocrmEnd | null): Capabilities {
  return {
    changes: 'timestamp',
    deletions: 'none',
    // If the entity type has no version control, we compare ourselves, see `expect`.
    writes: 'conditional',
    creates: end?.syncKeyField === undefined ? 'plain' : 'found',
    answers: 'stored',
    tree: null,
    content: null,
    deferred: false,
    batch: 100,
  };
}

function openSystem(espo: Espocrm): RemoteSystem {
  const { end, opening } = espo;
  const capabilities = capabilitiesOf(end);
  if (end === null) return unboundSystem(espo, capabilities);
  const records = createRecords(espo, end);
  return {
    capabilities,
    list: (since, signal) =>
      listPages(
        {
          listRows: (wish) => records.list('list', wish, signal),
          overlapMs: opening.overlapMinutes * 60_000,
          pageOf: (rows) => rows.map((row) => records.itemOf(row)),
        },
        since,
      ),
    fetch: (keys, signal) => records.fetch(keys, signal),
    find: (match, signal) => records.find(match, signal),
    create: (key, draft, signal) => records.create(key, draft, signal),
    update: (key, patch, expected, signal) => records.update(key, patch, expected, signal),
    move: () => Promise.reject(new Trouble('invalid', 'records have no places')),
    delete: (key, expected, signal) => records.delete(key, expected, signal),
    probe: (signal) => probeEspocrm(espo, signal),
    fieldTypes: (signal) => records.fieldTypes(signal),
    close: () => Promise.resolve(),
  };
}

/** A system that was opened only to be probed. */
const unboundSystem = (espo: Espocrm, capabilities: Capabilities): RemoteSystem => ({
  capabilities,
  ...callsWithout('an entity type'),
  probe: (signal) => probeEspocrm(espo, signal),
  close: () => Promise.resolve(),
});

// Records of one entity type

interface Records {
  fieldTypes(signal: AbortSignal): Promise<FieldTypes>;
  itemOf(row: Row): Item;
  list(operation: string, wish: Parameters<ListRows>[0], signal: AbortSignal): Promise<readonly Row[]>;
  fetch(keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  find(match: Match, signal: AbortSignal): Promise<readonly Item[]>;
  create(key: string, draft: Draft, signal: AbortSignal): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

function createRecords(espo: Espocrm, end: EspocrmEnd): Records {
  const { api, opening, outside, schemas } = espo;
  const { entity, syncKeyField = null } = end;
  const shape: RowShape = { fields: opening.fields, syncKeyField, isVersioned: end.optimistic };
  const attributes = [...new Set(['id', 'modifiedAt', 'createdAt', ...keysOf(shape), ...opening.fields])];
  const looks = createLastLooks();
  const path = (key: string) => `/${entity}/${encodeURIComponent(key)}`;

  function seen(row: Row): Item {
    const item = itemOf(shape, row);
    looks.saw(item);
    return item;
  }

  const checkFields = (signal: AbortSignal) =>
    schemas.check(outside, {
      entity,
      fields: [...keysOf(shape), ...opening.fields],
      read: () => readSchema(api, entity, signal),
    });

  const list: Records['list'] = async (operation, { where, orderBy, order, most }, signal) => {
    // The shape of the records is read at the beginning of a listing and is valid for all of it.
    await checkFields(signal);
    const query = [
      ['select', attributes.join(',')],
      ['orderBy', orderBy],
      ['order', order],
      ['maxSize', String(most)],
      ...whereOf(where),
    ] as const;
    const answer = await api.get(operation, `/${entity}`, query, signal);
    if (answer.status !== 200) throw troubleOf(answer);
    const rows = readRows(answer.json);
    const [row] = rows;
    // A field that our key may not see is missing, just like a field that does not exist.
    const lacking = row === undefined ? [] : opening.fields.filter((name) => !Object.hasOwn(row, name));
    if (lacking.length > 0) {
      schemas.forget(outside, entity);
      throw new Trouble('fields', `${entity} does not show ${lacking.join(', ')}`);
    }
    return rows;
  };

  async function fetchOne(key: string, signal: AbortSignal): Promise<Item | null> {
    const answer = await api.get('fetch', path(key), [], signal);
    if (answer.status === 200) return seen(readRow(answer.json));
    if (answer.status === 404) return null;
    if (answer.status === 403 && !isLockedOut(answer)) await throwIfForbidden('read', answer, signal);
    throw answer.status === 403 && !isLockedOut(answer)
      ? new Trouble('invalid', `the record may not be read`)
      : troubleOf(answer);
  }

  /** A 403 may be about one record, or about all of them. */
  async function throwIfForbidden(action: Action, answer: HttpAnswer, signal: AbortSignal): Promise<void> {
    if (isLockedOut(answer)) throw troubleOf(answer);
    const rights = await readRights(api, entity, signal);
    if (rights.levelOf(action) === 'no')
      throw new Trouble('unauthorized', `our key may not ${action} ${entity}`);
  }

  /** If the server does not compare versions, we do, right before the write. Null: the record is as expected. */
  async function expect(key: string, expected: Revision, signal: AbortSignal): Promise<Written | null> {
    if (looks.isFresh(key, expected)) return null;
    const now = await fetchOne(key, signal);
    return now?.revision === expected ? null : { kind: 'stale', item: now };
  }

  async function judged(action: Action, answer: HttpAnswer, signal: AbortSignal): Promise<Written> {
    if (answer.status === 403) await throwIfForbidden(action, answer, signal);
    return (
      refusalOf(answer, (row) => itemOf(shape, row)) ?? { kind: 'done', item: seen(readRow(answer.json)) }
    );
  }

  const bodyOf = async (fields: Fields, signal: AbortSignal) => {
    const schema = await checkFields(signal);
    return jsonOf(fields, (name) => schema.isList(name));
  };

  return {
    fieldTypes: async (signal) => (await checkFields(signal)).typesOf(opening.fields),
    itemOf: seen,
    list,
    async fetch(keys, signal) {
      const [first, ...others] = keys;
      if (first === undefined) return new Map();
      if (others.length === 0) {
        const item = await fetchOne(first, signal);
        return new Map(item === null ? [] : [[first, item]]);
      }
      const where: Condition[] = [{ type: 'in', attribute: 'id', values: keys }];
      const rows = await list('fetch', { where, orderBy: 'id', order: 'asc', most: keys.length }, signal);
      return new Map(rows.map((row) => [row.id, seen(row)]));
    },
    async find(match, signal) {
      const wanted = wantedOf(match, syncKeyField);
      if (wanted === null) return [];
      const schema = await checkFields(signal);
      // The server cannot compare a list, so we do, see below.
      const where = Object.entries(wanted)
        .filter(([attribute]) => !schema.isList(attribute))
        .map(([attribute, value]) => conditionOf(attribute, value));
      if (where.length === 0) return [];
      const rows = await list('find', { where, orderBy: 'id', order: 'asc', most: mostFound }, signal);
      const items = rows.map((row) => seen(row));
      // The database takes `MÜLLER` for `müller`.
      return items.filter(({ fields, origin }) =>
        Object.entries(wanted).every(([name, value]) =>
          sameValue(name === syncKeyField ? origin : fieldOf(fields, name), value),
        ),
      );
    },
    async create(key, { fields }, signal) {
      const json = await bodyOf(fields, signal);
      const answer = await api.send(
        {
          operation: 'create',
          method: 'POST',
          path: `/${entity}`,
          json: syncKeyField === null ? json : { ...json, [syncKeyField]: key },
          headers: duplicateHeaders(end),
        },
        signal,
      );
      if (answer.status === 404) throw troubleOf(answer);
      const written = await judged('create', answer, signal);
      // The response to an earlier call was lost: this is the record that it created.
      const ours =
        written.kind === 'refused' ? written.holders?.find(({ origin }) => origin === key) : undefined;
      return ours === undefined ? written : { kind: 'done', item: ours };
    },
    async update(key, { fields }, expected, signal) {
      const json = await bodyOf(fields, signal);
      const version = versionOf(expected);
      const stale = version === null ? await expect(key, expected, signal) : null;
      if (stale !== null) return stale;
      looks.forget(key);
      const headers = {
        ...duplicateHeaders(end),
        ...(version === null ? {} : { 'x-version-number': version }),
      };
      const answer = await api.send(
        { operation: 'update', method: 'PUT', path: path(key), json, headers },
        signal,
      );
      return judged('edit', answer, signal);
    },
    async delete(key, expected, signal) {
      // EspoCRM compares no version here, however the entity type is configured.
      const stale = await expect(key, expected, signal);
      if (stale !== null) return stale;
      looks.forget(key);
      const answer = await api.send({ operation: 'delete', method: 'DELETE', path: path(key) }, signal);
      if (answer.status === 200) return { kind: 'done', item: tombstone(key) };
      return judged('delete', answer, signal);
    },
  };
}

const conditionOf = (attribute: string, value: FieldValue): Condition =>
  value === null
    ? { type: 'isNull', attribute }
    : { type: 'equals', attribute, value: typeof value === 'object' ? value.xml : String(value) };

/** More than two candidates make no difference. */
const mostFound = 20;

const keysOf = ({ syncKeyField, isVersioned }: RowShape): readonly string[] => [
  ...(syncKeyField === null ? [] : [syncKeyField]),
  ...(isVersioned ? ['versionNumber'] : []),
];

/** If the operator allows duplicates, we ask EspoCRM not to check for them. */
const duplicateHeaders = ({ duplicates }: EspocrmEnd): Record<string, string> =>
  duplicates === 'allow' ? { 'x-skip-duplicate-check': 'true' } : {};

/** Null: nothing can be searched by. */
function wantedOf(match: Match, syncKeyField: string | null): Fields | null {
  switch (match.by) {
    case 'fields':
      return match.fields;
    case 'origin':
      return syncKeyField === null ? null : { [syncKeyField]: match.key };
    case 'place':
    case 'parent':
      return null;
  }
}
