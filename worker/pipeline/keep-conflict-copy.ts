import { createHash } from 'node:crypto';
import { isSame } from './content';
import type { Decided } from './entry';
import { numberedName } from './names';
import { attempt, type Write, type WriteSettings } from './write-side';
import type { Content, Item, Place } from './system';

export interface ConflictCopySettings extends WriteSettings {
  readonly signal: AbortSignal;
}

/**
 * Before a content that must be kept is overwritten, it is stored as an item of its own on the side that has it. The
 * next listing brings that item to the other side. False: that failed, and the content must not be overwritten.
 */
export async function keepConflictCopy(settings: ConflictCopySettings, entry: Decided): Promise<boolean> {
  if (entry.conflictCopy === null) return true;
  const { side, name } = entry.conflictCopy;
  const item = entry.items[side];
  if (item === null || item.place === null || !item.content) return true;
  const { content, place } = item;
  const write = { settings, system: settings.systems[side], entry, side };
  const free = await freePlace(write, { parent: place.parent, name }, content, settings.signal);
  if (free === 'kept') return true;
  const draft = { fields: item.fields, place: free, isFolder: false, content };
  const made = await attempt(write, 'create', null, () => write.system.create(keyOf(item), draft));
  return made !== null;
}

/** A key for each content, in the form of a UUID, so that a content is not stored twice if an answer is lost. */
function keyOf({ key, revision }: Item): string {
  const digits = createHash('sha256').update(`${key} ${revision}`).digest('hex');
  return [8, 12, 16, 20, 32].map((end, at, ends) => digits.slice(ends[at - 1] ?? 0, end)).join('-');
}

/** `kept`: an earlier attempt has done it. */
async function freePlace(
  { system }: Write,
  { parent, name }: Place,
  content: Content,
  signal: AbortSignal,
): Promise<Place | 'kept'> {
  for (let number = 1; ; number++) {
    const place = { parent, name: number === 1 ? name : numberedName(name, number) };
    const [holder] = await system.find({ by: 'place', ...place });
    if (holder === undefined) return place;
    if (holder.content && (await isSame(holder.content, content, signal))) return 'kept';
  }
}
