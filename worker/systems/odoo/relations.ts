import type { FieldValue } from '../../../shared/domain/merge-copy';
import { type BoundedMap, createBoundedMap } from '../bounded-map';
import type { ExternalIds } from './external-ids';
import type { FieldName } from './field-name';
import { isRecordNumber } from './record-number';
import type { ModelField } from './schema';
import { isSet, membersIn, numbersIn, shownSet, shownValue, quoted } from './values';
import { UnfitValue } from '../../pipeline/unfit-value';

/** Relations of the records of one model, by numbers and by external ids. */
export interface Relations {
  /** Reads the external ids of the records that these records refer to, so that `shown` knows them. */
  prepare(
    fields: readonly RelationField[],
    rows: readonly Readonly<Record<string, unknown>>[],
    signal: AbortSignal,
  ): Promise<void>;
  shown(field: RelationField, raw: unknown): FieldValue;
  /** The numbers of the records that a value names. Throws `UnfitValue`. */
  numbers(field: RelationField, value: FieldValue, signal: AbortSignal): Promise<readonly number[]>;
}

export interface RelationField {
  readonly name: FieldName;
  readonly field: ModelField;
}

/** External ids rarely change, but a record may get one at any time. */
const keptMs = 300_000;
const most = 20_000;

interface Known {
  readonly externalId: string | null;
  readonly at: number;
}

export function createRelations(externalIds: ExternalIds): Relations {
  const names = createBoundedMap<string, Known>(most);
  const records = createBoundedMap<string, { readonly number: number; readonly at: number }>(most);
  const isFresh = ({ at }: { readonly at: number }) => performance.now() - at < keptMs;

  async function numberOf(model: string, written: string, signal: AbortSignal): Promise<number> {
    if (isRecordNumber(written)) return Number(written);
    const name = `${model}=${written}`;
    const known = records.get(name);
    if (known !== undefined && isFresh(known)) return known.number;
    const found = await externalIds.find(written, signal);
    if (found?.model !== model) throw new UnfitValue({ code: 'no-record', value: quoted(written), model });
    records.set(name, { number: found.id, at: performance.now() });
    return found.id;
  }

  return {
    async prepare(fields, rows, signal) {
      for (const { name, field } of fields) {
        if (!name.isExternal || field.relation === null) continue;
        const { relation } = field;
        const wanted = new Set(rows.flatMap((row) => idsIn(row[name.own])));
        const unknown = [...wanted].filter((id) => !isKnown(names, isFresh, relation, id));
        const found = await externalIds.of(relation, unknown, signal);
        for (const id of unknown)
          names.set(`${relation},${id}`, { externalId: nicest(found.get(id)), at: performance.now() });
      }
    },
    shown({ name, field }, raw) {
      if (!name.isExternal) return shownValue(field.type, raw);
      const shown = idsIn(raw).map(
        (id) => names.get(`${field.relation ?? ''},${id}`)?.externalId ?? String(id),
      );
      return isSet(field.type) ? shownSet(shown) : (shown[0] ?? null);
    },
    async numbers({ field }, value, signal) {
      const members = membersIn(value);
      const numbers: number[] = [];
      for (const written of members) numbers.push(await numberOf(field.relation ?? '', written, signal));
      return [...new Set(numbers)].sort((one, other) => one - other);
    },
  };
}

const isKnown = (
  names: BoundedMap<string, Known>,
  isFresh: (known: Known) => boolean,
  relation: string,
  id: number,
): boolean => {
  const known = names.get(`${relation},${id}`);
  return known !== undefined && isFresh(known);
};

/** The ids of a many2one, in any of its forms; or of a set. */
function idsIn(raw: unknown): readonly number[] {
  if (typeof raw === 'number') return [raw];
  return numbersIn(raw);
}

/** An external id of a module is more meaningful than that of an export, or ours. */
function nicest(externalIds: readonly string[] = []): string | null {
  const [first = null] = [...externalIds].sort(
    (one, other) => rank(one) - rank(other) || (one < other ? -1 : 1),
  );
  return first;
}

const rank = (externalId: string): number => (externalId.startsWith('__') ? 1 : 0);
