/** Something that one JSON has otherwise than another. */
export interface JsonDifference {
  /** e.g. `fields › lastName › group`. */
  readonly path: readonly string[];
  /** Undefined: it is not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The differences, leaf by leaf: first in the order of `after`, then the members that are gone. Elements of a list are
 * compared by name, if they have one.
 */
export function jsonDifferences(before: unknown, after: unknown): JsonDifference[] {
  const [then, now] = [leavesOf(before), leavesOf(after)];
  const keys = [...new Set([...now.keys(), ...then.keys()])];
  return keys.flatMap((key) => {
    const [old, young] = [then.get(key), now.get(key)];
    if (old?.text === young?.text) return [];
    return [{ path: (young ?? old)?.path ?? [], before: old?.value, after: young?.value }];
  });
}

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly text: string;
}

function leavesOf(json: unknown, path: readonly string[] = []): Map<string, Leaf> {
  const members = membersOf(json);
  if (members.length === 0)
    return new Map([[JSON.stringify(path), { path, value: json, text: JSON.stringify(json) }]]);
  return new Map(members.flatMap(([name, value]) => [...leavesOf(value, [...path, name])]));
}

function membersOf(json: unknown): [string, unknown][] {
  if (typeof json !== 'object' || json === null) return [];
  if (!Array.isArray(json)) return Object.entries(json);
  const elements: readonly unknown[] = json;
  const names = elements.map(nameOf);
  const areNamed = names.every((name) => name !== null) && new Set(names).size === names.length;
  // Texts and numbers have no parts: such a list is one value.
  if (!elements.some((element) => typeof element === 'object' && element !== null)) return [];
  return elements.map((element, place) => [(areNamed ? names[place] : null) ?? String(place + 1), element]);
}

function nameOf(element: unknown): string | null {
  if (typeof element !== 'object' || element === null) return null;
  const { name, here }: { readonly name?: unknown; readonly here?: unknown } = element;
  return [name, here].find((one) => typeof one === 'string') ?? null;
}
