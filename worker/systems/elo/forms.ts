import { z } from 'zod';
import type { Fields, FieldValue } from '../../../shared/domain/merge-copy';
import type { Written } from '../../pipeline/system';
import { refusal } from '../../pipeline/refusal';
import { Trouble } from '../../pipeline/trouble';
import type { FieldTypes } from '../remote-system';
import { ixCodes, unless } from './faults';
import type { Elo } from './opened';
import { editInfo, noLock, wholeForm } from './selectors';
import { fieldsOf, isFolder, type ObjKeys, readSord, type Sord, withFields } from './sord';

/** The keywording forms of the archive ("masks"): they say which index fields an entry has. */
export interface Forms {
  /** Throws `fields` if there is no form with that name or number. */
  need(form: string, signal: AbortSignal): Promise<void>;
  /** The types of the pair's fields in the form of new documents. Throws `fields` if there is no such form or field. */
  fieldTypes(signal: AbortSignal): Promise<FieldTypes>;
  /**
   * The index fields of an entry with these values. A refusal if its form has no such field, or requires a value that is
   * not there. An entry whose fields the pair does not name stays as it is.
   */
  filled(entry: Sord, fields: Fields, signal: AbortSignal): Promise<ObjKeys | Refused>;
}

type Refused = Extract<Written, { readonly kind: 'refused' }>;

export const isRefused = (filled: ObjKeys | Refused): filled is Refused => 'kind' in filled;

const formLine = z.looseObject({
  id: z.int(),
  key: z.string(),
  type: z.int().optional(),
  required: z.boolean().optional(),
});
const docMask = z.looseObject({
  name: z.string().nullish(),
  deleted: z.boolean().optional(),
  lines: z.array(formLine).nullish(),
});

interface Form {
  readonly name: string;
  readonly lines: ReadonlyMap<string, z.output<typeof formLine>>;
}

/** How long a form is remembered. Someone may change it at any time. */
const keptMs = 60_000;

export function createForms({ api, settings, end, opening }: Elo, rootGuid: RootGuid): Forms {
  const wished = end.documentMask ?? settings.documentMask ?? null;
  const known = new Map<string, { readonly form: Form; readonly at: number }>();

  /** `form`: its name, its number or its GUID. Throws `fields` if there is none. */
  async function read(form: string, signal: AbortSignal): Promise<Form> {
    const before = known.get(form);
    if (before !== undefined && performance.now() - before.at < keptMs) return before.form;
    const parameters = { maskId: form, docMaskZ: wholeForm, lockZ: noLock };
    const call = { operation: 'fields', name: 'checkoutDocMask', parameters };
    const found = docMask.safeParse(await unless(ixCodes.notFound, api.call(call, signal), null)).data;
    if (found === undefined || found.deleted === true) throw noForm(form);
    const lines = new Map((found.lines ?? []).map((line) => [line.key, line]));
    const now = { name: found.name ?? form, lines };
    known.set(form, { form: now, at: performance.now() });
    return now;
  }

  /** Without a form in the settings, ELO chooses the form of a new document. This call creates nothing. */
  async function chosenByElo(signal: AbortSignal): Promise<string> {
    const parameters = { parentId: await rootGuid(signal), maskId: '', editInfoZ: editInfo };
    const answer = await api.call({ operation: 'fields', name: 'createDoc', parameters }, signal);
    const sord = typeof answer === 'object' && answer !== null && 'sord' in answer ? answer.sord : null;
    return String(readSord(sord).mask ?? '');
  }

  return {
    async need(form, signal) {
      await read(form, signal);
    },
    async fieldTypes(signal) {
      const form = await read(wished ?? (await chosenByElo(signal)), signal);
      const missing = opening.fields.filter((name) => !form.lines.has(name));
      if (missing.length > 0)
        throw new Trouble('fields', `the keywording form ${form.name} lacks ${missing.join(', ')}`);
      const types = opening.fields.map((name) => {
        const line = form.lines.get(name);
        return [name, { type: typeOf(line?.type), isRequired: line?.required === true }] as const;
      });
      return Object.fromEntries(types);
    },
    async filled(entry, fields, signal) {
      const before = entry.objKeys ?? [];
      const isNew = entry.id < 0;
      const hasNothing = Object.keys(fields).length === 0;
      if (opening.fields.length === 0 || isFolder(entry) || (hasNothing && !isNew)) return before;
      const form = await read(String(entry.mask ?? ''), signal);
      const isKnown = ([name]: readonly [string, FieldValue]) => form.lines.has(name);
      const unknown = Object.entries(fields).filter((field) => field[1] !== null && !isKnown(field));
      if (unknown.length > 0)
        return lacking(
          form,
          unknown.map(([name]) => name),
        );
      // A value that is taken away needs no field.
      const written = Object.fromEntries(Object.entries(fields).filter(isKnown));
      const filled = withFields(entry, written, (name) => form.lines.get(name)?.id);
      const required = [...form.lines.values()]
        .filter((line) => line.required === true)
        .map(({ key }) => key);
      const shown = fieldsOf({ objKeys: filled }, required);
      // What nobody has filled in yet does not keep somebody from writing another field.
      const empty = required.filter(
        (name) => shown[name] === null && (isNew || Object.hasOwn(written, name)),
      );
      return empty.length > 0 ? incomplete(form, empty) : filled;
    },
  };
}

type RootGuid = (signal: AbortSignal) => Promise<string>;

/** The settings have to be corrected, so the pair is paused. */
const noForm = (form: string): Trouble =>
  new Trouble('fields', `there is no keywording form "${form}" in ELO`);

const lacking = ({ name }: Form, fields: readonly string[]): Refused => ({
  ...refusal('invalid', { code: 'form-lacks-fields', values: { form: name, fields } }),
  fields,
});

const incomplete = ({ name }: Form, fields: readonly string[]): Refused => ({
  ...refusal('invalid', { code: 'form-requires-fields', values: { form: name, fields } }),
  fields,
});

/** ELO's constants `DocMaskLineC.TYPE_…`. */
const lineTypes: ReadonlyMap<number, string> = new Map([
  [3000, 'text'],
  [3001, 'date'],
  [3002, 'number'],
  [3003, 'reference number'],
  [3004, 'ISO date'],
  [3005, 'list'],
  [3006, 'user'],
  [3007, 'thesaurus'],
  [3008, 'number'],
  [3009, 'number with 1 digit'],
  [3010, 'number with 2 digits'],
  [3011, 'number with 4 digits'],
  [3012, 'number with 6 digits'],
]);

const typeOf = (type = 3000): string => lineTypes.get(type) ?? String(type);
