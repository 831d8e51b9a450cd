import { testOf } from './odoo-domain';
import {
  accessError,
  busyError,
  missingError,
  OdooException,
  unprocessable,
  userError,
  validationError,
  valueError,
} from './odoo-exception';
import { errorMessage, type LoadedRow, readCells } from './odoo-load';
import {
  type FakeModel,
  type FakeRow,
  fieldOf,
  kept,
  newModel,
  partnerFields,
  secondsOf,
  shown,
} from './odoo-model';

/** The records of a fake Odoo, and its methods, for both interfaces. */
export interface OdooStore {
  readonly version: number;
  readonly models: Map<string, FakeModel>;
  /** `module.name` to model and number. */
  readonly externalIds: Map<string, { readonly model: string; readonly id: number }>;
  /** Actions that no user may do, as `res.partner/write`. */
  readonly denied: Set<string>;
  /** Records that a rule keeps from our user: they can be read and not be written. */
  readonly guarded: Set<number>;
  /** So many writes are in the way of another transaction. */
  busyWrites: number;
  /** Microseconds. */
  readonly now: () => number;
}

export interface MethodCall {
  readonly model: string;
  readonly method: string;
  readonly ids: readonly number[] | null;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly context: Readonly<Record<string, unknown>>;
}

export function newStore(version: number, now: () => number): OdooStore {
  const store: OdooStore = {
    version,
    models: new Map([
      ['res.partner', newModel('res.partner', partnerFields())],
      ['res.country', newModel('res.country', { name: { type: 'char' }, code: { type: 'char' } })],
      ['res.partner.category', newModel('res.partner.category', { name: { type: 'char' } })],
    ]),
    externalIds: new Map(),
    denied: new Set(),
    guarded: new Set(),
    busyWrites: 0,
    now,
  };
  for (const [code, name] of [
    ['at', 'Austria'],
    ['de', 'Germany'],
    ['fr', 'France'],
  ] as const)
    store.externalIds.set(`base.${code}`, {
      model: 'res.country',
      id: insert(store, 'res.country', { code, name }),
    });
  for (const name of ['Friend', 'Donor', 'Press']) insert(store, 'res.partner.category', { name });
  return store;
}

export function modelOf(store: OdooStore, name: string): FakeModel {
  const model = store.models.get(name);
  if (model === undefined) throw userError(`Object ${name} doesn't exist`);
  return model;
}

export function insert(store: OdooStore, name: string, values: Record<string, unknown>): number {
  const model = modelOf(store, name);
  const id = model.nextId++;
  const active = model.fields['active'] === undefined ? {} : { active: true };
  model.rows.set(id, { id, values: { ...active, ...values }, writtenAt: store.now() });
  return id;
}

type Method = (store: OdooStore, model: FakeModel, call: MethodCall) => unknown;

/** Undefined: the model has no such method. */
export function methodOf(store: OdooStore, { model, method }: MethodCall): Method | undefined {
  if (model === 'ir.model.data') return method === 'check_object_reference' ? findReference : undefined;
  if (model === 'res.users')
    return method === 'context_get' ? () => ({ lang: 'en_US', tz: false, uid: 2 }) : undefined;
  if (method === 'has_access' && store.version < 18) return undefined;
  return Object.hasOwn(methods, method) ? methods[method] : undefined;
}

const methods: Readonly<Record<string, Method>> = {
  search_read: (store, model, { parameters, context }) => {
    allow(store, model, 'read');
    const { domain, fields, order = 'id', limit, load, ...others } = parameters;
    const [strange] = [...Object.keys(others), ...(load !== undefined && store.version < 15 ? ['load'] : [])];
    if (strange !== undefined)
      throw new OdooException('builtins.TypeError', `got an unexpected keyword argument '${strange}'`);
    const names = Array.isArray(fields) ? fields.map(String) : Object.keys(model.fields);
    const found = [...model.rows.values()].filter(
      testOf({ model, version: store.version, activeTest: context['active_test'] !== false }, domain),
    );
    return sorted(found, String(order), model)
      .slice(0, typeof limit === 'number' ? limit : undefined)
      .map((row) => readRow(store, model, row, { names, withNames: load !== null }));
  },
  load: (store, model, { parameters, context }) => {
    allow(store, model, 'create');
    const { fields, data } = parameters;
    if (!Array.isArray(fields) || !Array.isArray(data))
      throw unprocessable(`missing a required argument: 'fields'`);
    const settings = {
      model,
      recordOf: (name: string, externalId: string) => {
        const found = store.externalIds.get(externalId);
        return found?.model === name ? found.id : undefined;
      },
      exists: (name: string, id: number) => store.models.get(name)?.rows.has(id) === true,
      zone: typeof context['tz'] === 'string' ? context['tz'] : undefined,
    };
    const read = (data as unknown[][]).map((cells) => readCells(settings, fields.map(String), cells));
    const messages = read.filter((one) => 'message' in one);
    if (messages.length > 0) return { ids: false, messages, nextrow: 0 };
    if (takeBusy(store)) return { ids: false, messages: [errorMessage(busyError().message)], nextrow: 0 };
    return loadedAll(
      store,
      model,
      read.flatMap((one) => ('message' in one ? [] : [one])),
    );
  },
  write: (store, model, { ids, parameters }) => {
    allow(store, model, 'write');
    const rows = present(model, ids);
    if (takeBusy(store)) throw busyError();
    if (rows.some(({ id }) => store.guarded.has(id)))
      throw accessError('Due to security restrictions, you are not allowed to modify it.');
    const { vals } = parameters;
    const values = typeof vals === 'object' && vals !== null ? (vals as Record<string, unknown>) : {};
    const now = Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, kept(model, name, value)]),
    );
    checkRelations(store, model, now);
    for (const row of rows) {
      if (Object.hasOwn(now, 'name') && (now['name'] ?? '') === '')
        throw validationError('Contacts require a name');
      Object.assign(row.values, now);
      // The same values once more move the date as well.
      row.writtenAt = store.now();
    }
    return true;
  },
  unlink: (store, model, { ids }) => {
    allow(store, model, 'unlink');
    for (const { id } of present(model, ids)) remove(store, model.name, id);
    return true;
  },
  fields_get: (store, model) => {
    allow(store, model, 'read');
    return Object.fromEntries(
      Object.entries(model.fields).map(([name, field]) => [
        name,
        {
          type: field.type,
          required: field.required ?? false,
          readonly: field.readonly ?? false,
          store: field.store ?? true,
          searchable: field.store ?? true,
          ...(field.relation === undefined ? {} : { relation: field.relation }),
        },
      ]),
    );
  },
  get_metadata: (store, model, { ids }) => {
    allow(store, model, 'read');
    return (ids ?? [])
      .filter((id) => model.rows.has(id))
      .map((id) => {
        const names = [...store.externalIds].filter(([, at]) => at.model === model.name && at.id === id);
        const xmlids = names.map(([xmlid]) => ({ xmlid, noupdate: false }));
        return { id, xmlid: xmlids[0]?.xmlid ?? false, ...(store.version < 16 ? {} : { xmlids }) };
      });
  },
  check_access_rights: (store, model, { parameters }) =>
    !store.denied.has(`${model.name}/${String(parameters['operation'])}`),
  has_access: (store, model, { parameters }) =>
    !store.denied.has(`${model.name}/${String(parameters['operation'])}`),
};

const findReference: Method = (store, _model, { parameters, context }) => {
  const name = `${String(parameters['module'])}.${String(parameters['xml_id'])}`;
  const found = store.externalIds.get(name);
  if (found === undefined) throw valueError(`External ID not found in the system: ${name}`);
  const row = store.models.get(found.model)?.rows.get(found.id);
  const isSeen = row !== undefined && (row.values['active'] !== false || context['active_test'] === false);
  return [found.model, isSeen ? found.id : false];
};

export function remove(store: OdooStore, model: string, id: number): void {
  store.models.get(model)?.rows.delete(id);
  for (const [name, at] of store.externalIds)
    if (at.model === model && at.id === id) store.externalIds.delete(name);
}

function allow(store: OdooStore, model: FakeModel, action: string): void {
  if (store.denied.has(`${model.name}/${action}`))
    throw accessError(`You are not allowed to ${action} '${model.name}' records.`);
}

function takeBusy(store: OdooStore): boolean {
  if (store.busyWrites === 0) return false;
  store.busyWrites -= 1;
  return true;
}

function present(model: FakeModel, ids: readonly number[] | null): readonly FakeRow[] {
  const rows = (ids ?? []).flatMap((id) => model.rows.get(id) ?? []);
  if (rows.length < (ids ?? []).length) throw missingError(model.name, ids ?? []);
  return rows;
}

/** All of them or none. */
function loadedAll(store: OdooStore, model: FakeModel, rows: readonly LoadedRow[]) {
  const ids: number[] = [];
  for (const { externalId, values } of rows) {
    const one = loaded(store, model, externalId, values);
    if (!Array.isArray(one.ids)) return one;
    ids.push(...one.ids);
  }
  return { ids, messages: [], nextrow: 0 };
}

function loaded(
  store: OdooStore,
  model: FakeModel,
  externalId: string | null,
  values: Record<string, unknown>,
) {
  const known = externalId === null ? undefined : store.externalIds.get(externalId);
  const row = known === undefined ? undefined : model.rows.get(known.id);
  if ((values['name'] ?? row?.values['name'] ?? '') === '')
    return { ids: false, messages: [errorMessage('Contacts require a name')], nextrow: 0 };
  if (row !== undefined) {
    Object.assign(row.values, values);
    row.writtenAt = store.now();
    return { ids: [row.id], messages: [], nextrow: 0 };
  }
  const id = insert(store, model.name, { type: 'contact', ...values });
  if (externalId !== null) store.externalIds.set(externalId, { model: model.name, id });
  return { ids: [id], messages: [], nextrow: 0 };
}

function checkRelations(store: OdooStore, model: FakeModel, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values)) {
    const { relation } = fieldOf(model, name);
    const ids: unknown[] = Array.isArray(value) ? value : value === null ? [] : [value];
    if (
      relation === undefined ||
      ids.every((id) => store.models.get(relation)?.rows.has(Number(id)) === true)
    )
      continue;
    throw validationError(`The operation cannot be completed: ${name} leads nowhere`);
  }
}

function sorted(rows: readonly FakeRow[], order: string, model: FakeModel): readonly FakeRow[] {
  const [name = 'id', direction = 'asc'] = order.split(' ');
  fieldOf(model, name);
  const sign = direction === 'desc' ? -1 : 1;
  const keyOf = (row: FakeRow) => (name === 'write_date' ? row.writtenAt : row.id);
  return [...rows].sort((one, other) => sign * (keyOf(one) - keyOf(other)));
}

interface Shape {
  readonly names: readonly string[];
  /** True: a relation is shown as its number and its name, which is the only form of versions before 15. */
  readonly withNames: boolean;
}

function readRow(store: OdooStore, model: FakeModel, row: FakeRow, { names, withNames }: Shape) {
  const told = names.map((name): [string, unknown] => {
    const field = fieldOf(model, name);
    const value = shown(row, name, field);
    if (field.type !== 'many2one' || typeof value !== 'number' || !withNames) return [name, value];
    const other = store.models.get(field.relation ?? '')?.rows.get(value);
    return [name, [value, other?.values['name'] ?? '']];
  });
  return { id: row.id, ...Object.fromEntries(told) };
}

export const writtenAt = (store: OdooStore, id: number): string =>
  secondsOf(store.models.get('res.partner')?.rows.get(id)?.writtenAt ?? 0);
