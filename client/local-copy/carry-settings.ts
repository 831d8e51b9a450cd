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
  /** All elements of the class as they are to be from now on. */
  readonly elements: readonly SettingElement[];
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
}

/**
 * Carries instructions out on the elements of one class. Doing it again with its own result changes nothing.
 *
 * What somebody has edited on the solution since it was sent is left alone: the instruction was made without knowing of
 * it. It is given back as failed, and the next sync compares both sides again.
 *
 * @param sent the elements as they were sent, or null where nothing has changed since (or nothing was sent).
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

/** Replacement first, so that what else is told stands on it; deletions last, as on the server. */
export function inOrder<T extends { readonly op: Op }>(instructions: readonly T[]): T[] {
  return [...instructions].sort((one, other) => order.indexOf(one.op) - order.indexOf(other.op));
}

const order: readonly Op[] = ['r', 'i', 'u', 'd'];

/** An element without a usable id is kept under its place. */
type Elements = Map<string | number, SettingElement>;

/** The ids whose elements are no longer what was sent. */
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
