import { z } from 'zod';
import { type EspocrmEnd, espocrmEnd } from '../../../shared/systems/espocrm';
import { reasonOf } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { Outside } from '../remote-system';
import { createEspoApi, type EspoApi } from './api';
import { type EntitySchema, readSchema } from './schema';

/**
 * What a pair needs of an EspoCRM, and the administrator who adds it. The administrator's password is used once and not
 * kept.
 */
export interface Preparation {
  readonly url: string;
  readonly administrator: { readonly user: string; readonly password: string };
  /** The pair's end there. */
  readonly end: unknown;
  readonly fields: readonly WantedField[];
}

/** A required field, and how it is created if it is missing. */
export interface WantedField {
  readonly name: string;
  readonly type: WantedType;
}

export type WantedType = 'varchar' | 'text' | 'int' | 'float' | 'bool' | 'date' | 'datetime';

/** One step, for people and for `carryOut`. */
export interface PreparationStep {
  /** E.g. `Make the field syncKey (varchar) of CBeteiligte`. */
  readonly sentence: string;
  readonly carryOut: (signal: AbortSignal) => Promise<void>;
}

export interface PreparationPlan {
  /** Empty: everything is there. */
  readonly steps: readonly PreparationStep[];
  /** What the operator must do by hand, as sentences. */
  readonly obstacles: readonly string[];
}

/** Reads and changes nothing. If the steps are carried out in their order, the next plan is empty. */
export async function planPreparation(
  wish: Preparation,
  outside: Outside,
  signal: AbortSignal,
): Promise<PreparationPlan> {
  const end = espocrmEnd.parse(wish.end);
  const { user, password } = wish.administrator;
  const api = createEspoApi({ url: wish.url, auth: { user, password } }, outside, [password]);
  const schema = await readSchema(api, end.entity, signal);
  const entity = schema === null ? planEntity(api, end, wish.fields) : nothing;
  const present = schema ?? schemaOfNew(wish.fields);
  const fields = planFields(api, end, wish.fields, present);
  const control = planControl(api, end, present);
  const duplicates = await planDuplicateCheck(api, end, signal);
  const all = [entity, fields, control, duplicates];
  return {
    steps: all.flatMap(({ steps }) => steps),
    obstacles: all.flatMap(({ obstacles }) => obstacles),
  };
}

const nothing: PreparationPlan = { steps: [], obstacles: [] };
const obstacle = (sentence: string): PreparationPlan => ({ steps: [], obstacles: [sentence] });

/** "A custom entity type gets the prefix C." */
function planEntity(api: EspoApi, { entity }: EspocrmEnd, fields: readonly WantedField[]): PreparationPlan {
  if (!/^C[A-Z]/.test(entity))
    return obstacle(`There is no entity type ${entity}; one that is made begins with a C, as in C${entity}.`);
  const type = isPerson(fields) ? 'Person' : 'Base';
  const name = entity.slice(1);
  const step: PreparationStep = {
    sentence: `Make the entity type ${entity} (${type})`,
    carryOut: (signal) =>
      administer(
        api,
        '/EntityManager/action/createEntity',
        { name, type, labelSingular: name, labelPlural: name },
        signal,
      ),
  };
  return { steps: [step], obstacles: [] };
}

const isPerson = (fields: readonly WantedField[]) => fields.some(({ name }) => name === 'lastName');

const personFields = ['salutationName', 'firstName', 'lastName', 'emailAddress', 'phoneNumber'];

function schemaOfNew(fields: readonly WantedField[]): Pick<EntitySchema, 'missing' | 'hasOptimisticControl'> {
  const given = new Set(['name', 'description', ...(isPerson(fields) ? personFields : [])]);
  return {
    hasOptimisticControl: false,
    missing: (names) => names.filter((name) => !given.has(name)),
  };
}

function planFields(
  api: EspoApi,
  { entity, syncKeyField }: EspocrmEnd,
  fields: readonly WantedField[],
  schema: Pick<EntitySchema, 'missing'>,
): PreparationPlan {
  const wanted: readonly WantedField[] = [
    ...(syncKeyField === undefined ? [] : [{ name: syncKeyField, type: 'varchar' as const }]),
    ...fields,
  ];
  const missing = new Set(schema.missing(wanted.map(({ name }) => name)));
  const made = wanted.filter(({ name }, place) => {
    const isFirst = wanted.findIndex((one) => one.name === name) === place;
    return isFirst && missing.has(name);
  });
  return {
    steps: made.filter(({ name }) => mayBeMade(entity, name)).map((field) => fieldStep(api, entity, field)),
    obstacles: made
      .filter(({ name }) => !mayBeMade(entity, name))
      .map(
        ({ name }) =>
          `${entity} lacks ${name}; a field that is made there begins with a c, as in c${name.charAt(0).toUpperCase()}${name.slice(1)}.`,
      ),
  };
}

/** EspoCRM puts a c before the name of a field that is added to one of its own entity types. */
const mayBeMade = (entity: string, name: string): boolean => /^C[A-Z]/.test(entity) || /^c[A-Z]/.test(name);

function fieldStep(api: EspoApi, entity: string, { name, type }: WantedField): PreparationStep {
  const given = /^C[A-Z]/.test(entity) ? name : `${name.charAt(1).toLowerCase()}${name.slice(2)}`;
  const body = { name: given, type, label: name, ...(type === 'varchar' ? { maxLength: 255 } : {}) };
  return {
    sentence: `Make the field ${name} (${type}) of ${entity}`,
    carryOut: (signal) => administer(api, `/Admin/fieldManager/${entity}`, body, signal),
  };
}

function planControl(
  api: EspoApi,
  { entity, optimistic }: EspocrmEnd,
  schema: Pick<EntitySchema, 'hasOptimisticControl'>,
): PreparationPlan {
  if (!optimistic || schema.hasOptimisticControl) return nothing;
  const body = { name: entity, optimisticConcurrencyControl: true };
  const step: PreparationStep = {
    sentence: `Switch on optimistic concurrency control of ${entity}`,
    carryOut: (signal) => administer(api, '/EntityManager/action/updateEntity', body, signal),
  };
  return { steps: [step], obstacles: [] };
}

const scope = z.looseObject({ duplicateCheckFieldList: z.array(z.string()).optional() });

/**
 * A second record with the same sync key is then refused, so that a creation whose response was lost is not made twice.
 */
async function planDuplicateCheck(
  api: EspoApi,
  { entity, syncKeyField }: EspocrmEnd,
  signal: AbortSignal,
): Promise<PreparationPlan> {
  if (syncKeyField === undefined) return nothing;
  const answer = await api.get('prepare', '/Metadata', [['key', `scopes.${entity}`]], signal);
  const checked = scope.safeParse(answer.json).data?.duplicateCheckFieldList ?? [];
  if (checked.includes(syncKeyField)) return nothing;
  const body = { name: entity, duplicateCheckFieldList: [...checked, syncKeyField] };
  const step: PreparationStep = {
    sentence: `Let ${entity} refuse a second record with the same ${syncKeyField}`,
    carryOut: (until) => administer(api, '/EntityManager/action/updateEntity', body, until),
  };
  return { steps: [step], obstacles: [] };
}

async function administer(api: EspoApi, path: string, json: object, signal: AbortSignal): Promise<void> {
  const {
    status,
    headers,
    json: answer,
  } = await api.send({ operation: 'prepare', method: 'POST', path, json }, signal);
  if (status < 300) return;
  const said = reasonOf(headers, answer);
  throw new Trouble(
    status === 403 ? 'unauthorized' : 'invalid',
    `${path} returned ${status}${said === '' ? '' : `: ${said}`}`,
  );
}
