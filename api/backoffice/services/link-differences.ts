import { isSame } from '../../../shared/formats/link-state';
import type { FieldRule } from '../../../shared/systems/field-settings';
import type { KeptField } from './pair-runs';

type Side = 'here' | 'there';

/** The situation of two linked records. */
export type LinkSituation =
  /** They were parted, or both are deleted. */
  | 'gone'
  | 'conflict'
  /** A person's decision is being carried out. */
  | 'decided'
  /** It went back and forth, until the server stopped it. */
  | 'flip'
  | 'approval'
  | 'waiting'
  | 'failed'
  | 'given-up'
  /** A call was begun of which nobody knows whether it was made. */
  | 'unsettled'
  | 'under-way'
  | 'system-paused'
  | 'pair-paused'
  | 'planned'
  | 'off'
  /** One side deleted it, and the other keeps it. */
  | 'deleted'
  /** Nothing is to be done. */
  | 'settled';

/** Why one field differs. */
export type DifferenceReason =
  | LinkSituation
  /** The field flows the other way only. */
  | 'one-way'
  /** The server ignores what it is sent, or writes it otherwise. */
  | 'not-kept'
  /** A value that is not there is left out of the call. */
  | 'nulls-omitted'
  /** Both differed when they were joined, and neither side has changed it since. */
  | 'unchanged-since';

export interface ComparedField {
  /** By the name that the pair gives it. */
  readonly field: string;
  readonly here: ComparedValue;
  readonly there: ComparedValue;
  /** Null: both sides have the same value. */
  readonly reason: DifferenceReason | null;
}

export interface ComparedValue {
  readonly now: unknown;
  /** The last known value of that side when both sides were settled. */
  readonly settled: unknown;
  readonly hasChanged: boolean;
}

/** The copies of both sides, by field; null: that side has none. */
export type Copies = Readonly<Record<Side, Readonly<Record<string, unknown>> | null>>;

export interface Comparison {
  readonly rules: readonly FieldRule[];
  /** True: they are documents, with a name, a folder and a content beside their fields. */
  readonly areDocuments: boolean;
  readonly now: Copies;
  readonly settled: Copies;
  readonly kept: readonly KeptField[];
  /** Fields that someone has to decide. */
  readonly disputed: readonly string[];
  readonly standing: LinkSituation;
}

/**
 * Compares the values of both sides field by field, and gives the reason for each difference. A side without a copy is
 * not compared.
 */
export function compareFields(comparison: Comparison): ComparedField[] {
  const { rules, areDocuments, now, settled } = comparison;
  const names = [...(areDocuments ? documentFields : []), ...rules.map(({ name }) => name)];
  return names.map((field) => {
    const values = {
      here: compared(field, now.here, settled.here),
      there: compared(field, now.there, settled.there),
    };
    const isEqual = now.here === null || now.there === null || isSame(values.here.now, values.there.now);
    return { field, ...values, reason: isEqual ? null : reasonOf(comparison, field, values) };
  });
}

const documentFields = ['name', 'parent', 'content'];

function compared(field: string, now: Copies[Side], settled: Copies[Side]): ComparedValue {
  const [value, before] = [valueOf(now, field), valueOf(settled, field)];
  return { now: value, settled: before, hasChanged: !isSame(value, before) };
}

const valueOf = (copy: Copies[Side], field: string): unknown =>
  copy !== null && Object.hasOwn(copy, field) ? (copy[field] ?? null) : null;

type Values = Readonly<Record<Side, ComparedValue>>;

function reasonOf(
  { rules, kept, disputed, standing }: Comparison,
  field: string,
  values: Values,
): DifferenceReason {
  if (disputed.includes(field)) return standing === 'flip' ? 'flip' : 'conflict';
  const rule = rules.find(({ name }) => name === field);
  const source = sourceOf(rule);
  if (source !== null && !values[source].hasChanged) return 'one-way';
  if (values.here.hasChanged || values.there.hasChanged) return stillOpen(standing);
  if (kept.some((one) => one.kept === 'no' && one.field === field)) return 'not-kept';
  if (rule !== undefined && isOmitted(rule, values)) return 'nulls-omitted';
  return standing === 'settled' || standing === 'conflict' ? 'unchanged-since' : standing;
}

/** The side from which a field flows that flows one way only. */
function sourceOf(rule: FieldRule | undefined): Side | null {
  if (rule === undefined || rule.flows === 'both') return null;
  return rule.flows === 'to-here' ? 'there' : 'here';
}

/** A change that is not in dispute is written next. */
const stillOpen = (standing: LinkSituation): DifferenceReason =>
  standing === 'settled' || standing === 'conflict' ? 'under-way' : standing;

const isOmitted = (rule: FieldRule, { here, there }: Values): boolean =>
  (here.now === null && rule.nulls.there === 'omit') || (there.now === null && rule.nulls.here === 'omit');
