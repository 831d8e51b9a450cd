/** A field that is more than text: its elements as they were sent, tags included, e.g. `<Steps><Step>1</Step></Steps>`. */
export interface Markup {
  readonly xml: string;
}

/** Declared fields hold numbers, booleans and text; undeclared ones hold their text or markup exactly. */
export type FieldValue = string | number | boolean | null | Markup;

/** Keyed by the field's name on the wire. A null field and an absent field mean the same. */
export type Fields = Readonly<Record<string, FieldValue>>;

/** One side's copy of an entity. If it is not active, it is deleted on that side, and its fields no longer count. */
export interface Copy {
  readonly isActive: boolean;
  readonly fields: Fields;
}

/** True where both sides hold the same. Two deleted copies are the same. */
export function sameCopy(one: Copy | null, other: Copy | null): boolean {
  if (one === null || other === null) return one === other;
  if (one.isActive !== other.isActive) return false;
  return !one.isActive || one.fields === other.fields || sameFields(one.fields, other.fields);
}

/** Null, absent and undefined are one value. */
export function sameValue(one: FieldValue | undefined, other: FieldValue | undefined): boolean {
  if (one === other) return true;
  return canonicalValue(one ?? null) === canonicalValue(other ?? null);
}

/** Returns the same text for all equal copies, whatever the order of their fields. Digests are made from it. */
export function canonicalText(copy: Copy): string {
  if (!copy.isActive) return 'deleted';
  const present = Object.entries(copy.fields).filter(([, value]) => value !== null);
  present.sort(([one], [other]) => (one < other ? -1 : 1));
  return `active${present.map(([name, value]) => `,${JSON.stringify(name)}:${canonicalValue(value)}`).join('')}`;
}

/** The own field of that name. Null: there is no such field. (`constructor` is an ordinary name.) */
export function fieldOf(fields: Fields, name: string): FieldValue {
  return Object.hasOwn(fields, name) ? (fields[name] ?? null) : null;
}

function sameFields(one: Fields, other: Fields): boolean {
  const ofOne = Object.keys(one);
  if (!ofOne.every((name) => sameValue(one[name], fieldOf(other, name)))) return false;
  return Object.keys(other).every((name) => Object.hasOwn(one, name) || other[name] === null);
}

function canonicalValue(value: FieldValue): string {
  // Only `xml` counts of markup, and -0 is 0.
  if (typeof value === 'object' && value !== null) return `<${JSON.stringify(value.xml)}`;
  return JSON.stringify(value);
}
