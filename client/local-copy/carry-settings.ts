import type { FailedInstruction } from './sync-state';
import type { SettingElement } from './settings-file';

/** `i` insert, `u` update, `d` delete, `r` replace the whole. Source: ePack V4, Terms. */
export type Op = 'i' | 'u' | 'd' | 'r';

/** One file of the instruction package, about one parameter class. */
export interface SettingInstructions {
  readonly file: string;
  readonly op: Op;
  readonly elements: readonly SettingElement[];
}

export interface CarriedSettings {
  /** All elements of the class after the instructions. */
  readonly elements: readonly SettingElement[];
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
}

/**
 * Applies instructions to the elements of one class. Applying them again to the result changes nothing.
 *
 * An element that was edited on the solution after it was sent stays as it is, because the instruction does not take
 * the edit into account. The instruction is returned as failed, and the next sync compares both sides again.
 *
 * @param sent the elements as they were sent, or null if nothing has changed since (or nothing was sent).
 */
export function carrySettings(
  local: readonly SettingElement[],
  sent: readonly SettingElement[] | null,
  instructions: readonly SettingInstructions[],
): CarriedSettings {
  const elements = new Map(local.map((element, place) => [element.id ?? place, element]));
  const edited = editedSince(sent, local);
  const failed: FailedInstruction[] = [];
  let carried = 0;
  for (const { file, op, elements: told } of inOrder(instructions)) {
    if (op === 'r') removeUnless(elements, edited, told);
    for (const element of told) {
      const reason = carryOne(elements, edited, op, element);
      if (reason === null) carried += 1;
      else failed.push({ file, id: element.id ?? '', reason });
    }
  }
  return { elements: [...elements.values()], carried, failed };
}

/**
 * The replacement comes first, so that other instructions apply to its result; deletions come last, as on the server.
 */
export function inOrder<T extends { readonly op: Op }>(instructions: readonly T[]): T[] {
  return [...instructions].sort((one, other) => order.indexOf(one.op) - order.indexOf(other.op));
}

const order: readonly Op[] = ['r', 'i', 'u', 'd'];

/** An element without a usable id has its position as the key. */
type Elements = Map<string | number, SettingElement>;

/** The ids of elements that have changed since they were sent. */
function editedSince(
  sent: readonly SettingElement[] | null,
  local: readonly SettingElement[],
): ReadonlySet<string> {
  if (sent === null) return new Set();
  const before = new Map(sent.map(({ id, raw }) => [id, raw]));
  const now = new Map(local.map(({ id, raw }) => [id, raw]));
  const ids = [...before.keys(), ...now.keys()].filter((id) => id !== null);
  return new Set(ids.filter((id) => before.get(id) !== now.get(id)));
}

function removeUnless(
  elements: Elements,
  edited: ReadonlySet<string>,
  told: readonly SettingElement[],
): void {
  const kept = new Set<string | number | null>([...edited, ...told.map(({ id }) => id)]);
  for (const id of [...elements.keys()]) if (!kept.has(id)) elements.delete(id);
}

/** @returns why not, or null. */
function carryOne(
  elements: Elements,
  edited: ReadonlySet<string>,
  op: Op,
  told: SettingElement,
): string | null {
  if (told.id === null) return 'The instruction names no usable Id.';
  const isDone = op === 'd' ? !elements.has(told.id) : elements.get(told.id)?.raw === told.raw;
  if (isDone) return null;
  if (edited.has(told.id)) return 'It was changed on the solution after it had been sent.';
  if (op === 'd') elements.delete(told.id);
  else elements.set(told.id, told);
  return null;
}
