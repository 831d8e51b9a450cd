import { fieldOf, sameValue } from '../../../shared/domain/merge-copy';
import type { Calls } from '../calls';
import { candidatesFrom } from '../candidates';
import { type Mentioned, settle } from '../entry';
import { type End, type Intent, type KnownLinks, type Link, type LinkEvent } from '../links';
import { otherSide, type PerSide, type Side } from '../sides';
import type { Middleware } from '../pipeline';
import { ownPlace, sharedState, type Words } from '../shared-words';
import { deletedState, type State } from '../state';
import type { Item } from '../system';

export interface SettleIntentSettings {
  readonly systems: PerSide<Calls>;
  readonly links: KnownLinks;
  readonly words: Words;
  /** What each side is told about the other. Null: nothing. */
  readonly writeBack: PerSide<unknown>;
}

/** An entry whose link is looked up. */
export interface Linked extends Mentioned {
  link: Link | null;
}

/**
 * Looks up the link. If it has an intent, it first finds out whether the call was made: a created item is adopted, and
 * an update that was made counts as made.
 */
export function settleIntent(settings: SettleIntentSettings): Middleware<Mentioned, Linked> {
  return async (entry, next) => {
    const { side, mention } = entry;
    const known = (await settings.links.byKeys(side, [mention.key])).get(mention.key) ?? null;
    if (known?.intent !== undefined && known.intent !== null) {
      const link = await settleOne(settings, entry, known, known.intent);
      if (link === 'undecided') return;
      return next(Object.assign(entry, { link }));
    }
    const maker = known === null && mention.origin !== null ? await makerOf(settings, entry) : null;
    return next(Object.assign(entry, { link: maker ?? known }));
  };
}

/** Finds the link for which an item was created, in a run that was interrupted. */
async function makerOf(settings: SettleIntentSettings, { side, mention }: Mentioned): Promise<Link | null> {
  const link = mention.origin === null ? null : await settings.links.bySyncKey(mention.origin);
  const { intent } = link ?? { intent: null };
  if (link === null || intent?.op !== 'create' || intent.side !== side) return null;
  return adopt(settings, link, intent, mention);
}

async function settleOne(
  settings: SettleIntentSettings,
  entry: Mentioned,
  link: Link,
  intent: Intent,
): Promise<Link | 'undecided'> {
  switch (intent.op) {
    case 'create':
      return settleCreation(settings, entry, link, intent);
    case 'update':
      return settleUpdate(settings, link, intent);
    case 'write-back':
      return link;
  }
}

async function settleCreation(
  settings: SettleIntentSettings,
  entry: Mentioned,
  link: Link,
  intent: Intent,
): Promise<Link | 'undecided'> {
  const [made, ...others] = await findMade(settings, link, intent);
  if (others.length > 0) {
    const side = intent.side;
    const alike = [made, ...others].filter((item) => item !== undefined);
    entry.conflict = {
      kind: 'match',
      fields: [],
      resolution: null,
      ...candidatesFrom({ here: [], there: [], [side]: alike }),
    };
    settle(entry, 'conflict', { code: 'several-from-earlier-run', values: { count: alike.length } });
    return 'undecided';
  }
  return made === undefined ? link : adopt(settings, link, intent, made);
}

/** Finds items without a link by the sync key, by the fields as they were sent, or by the place. */
async function findMade(settings: SettleIntentSettings, link: Link, intent: Intent): Promise<Item[]> {
  const { systems, links, words } = settings;
  const { side, match, sent } = intent;
  const system = systems[side];
  if (system.capabilities.creates !== 'plain')
    return nobodys(links, side, await system.find({ by: 'origin', key: link.syncKey }));
  const place = system.capabilities.tree === null ? null : await ownPlace(words, side, sent.place);
  if (place !== null && place !== 'unknown')
    return nobodys(links, side, await system.find({ by: 'place', ...place }));
  return match === null
    ? []
    : nobodys(links, side, await system.find({ by: 'fields', fields: match, isFresh: true }));
}

async function nobodys(links: KnownLinks, side: Side, found: readonly Item[]): Promise<Item[]> {
  const owners = await links.byKeys(
    side,
    found.map(({ key }) => key),
  );
  return found.filter(({ key, isActive }) => isActive && !owners.has(key));
}

/** The other side is compared with its copy at that time, so that later changes show as changes. */
async function adopt(settings: SettleIntentSettings, link: Link, intent: Intent, item: Item): Promise<Link> {
  const { links, words } = settings;
  const { side, sent, beside } = intent;
  const { state } = await sharedState(words, side, item);
  const mayBeAnothers = item.origin === null && !isSameContent(sent, state);
  const seen = (copy: State): State => (mayBeAnothers ? { ...copy, content: neverSeen } : copy);
  const ends = {
    ...link.ends,
    [side]: { key: item.key, revision: null, seen: seen(asSent(sent, state)) },
    [otherSide(side)]: lookedAt(link.ends[otherSide(side)], seen(beside)),
  };
  return links.finish(link, {
    ends,
    state: 'active',
    intent: owedAfter(settings, intent),
    event: settled(link, ends),
  });
}

/**
 * The write-back after the call is owed from the moment that the call is settled: a run that dies in between must not
 * lose it.
 */
const owedAfter = ({ writeBack }: SettleIntentSettings, intent: Intent): Intent | null =>
  writeBack.here === null && writeBack.there === null ? null : { ...intent, op: 'write-back' };

/**
 * A value that differs from what was sent was changed since, by someone or by the server, and counts as a change. A
 * missing value is one that the server does not keep, and it removes nothing on the other side.
 */
function asSent(sent: State, found: State): State {
  const fields = Object.fromEntries(
    Object.entries(found.fields).map(([name, value]) => [
      name,
      value === null ? null : fieldOf(sent.fields, name),
    ]),
  );
  const place = found.place === null ? null : sent.place;
  const { content } = isSameKind(sent.content, found.content) ? sent : found;
  return content === undefined
    ? { isActive: true, fields, place }
    : { isActive: true, fields, place, content };
}

/**
 * What was found by its place alone may have been put there by someone else. If its content is not known to be the one
 * that was sent, it counts as changed on both sides: both are read and compared, and where they differ both are kept.
 */
const isSameContent = (sent: State, found: State): boolean =>
  sent.content === undefined || found.content === undefined || sent.content === found.content;

/** The mark of no content. */
const neverSeen = 'never-seen';

const isSameKind = (one: string | undefined, other: string | undefined): boolean =>
  one?.includes(':') === true && one.split(':')[0] === other?.split(':')[0];

/**
 * If the update was made, it contains everything that the other side had then. Otherwise the entry is decided again.
 */
async function settleUpdate(settings: SettleIntentSettings, link: Link, intent: Intent): Promise<Link> {
  const { systems, links, words } = settings;
  const { side, sent, beside } = intent;
  const key = link.ends[side]?.key;
  const item = key === undefined ? null : await systems[side].fetch(key);
  const { state } = await sharedState(words, side, item);
  const isCarriedOut = Object.entries(sent.fields).every(([name, value]) =>
    sameValue(value, state.fields[name]),
  );
  const ends = isCarriedOut
    ? { ...link.ends, [otherSide(side)]: lookedAt(link.ends[otherSide(side)], beside) }
    : link.ends;
  return links.finish(link, {
    ends,
    state: 'active',
    intent: isCarriedOut ? owedAfter(settings, intent) : null,
    event: settled(link, ends),
  });
}

const lookedAt = (end: End | null, seen: State): End | null => end && { ...end, revision: null, seen };

const settled = (before: Link, ends: PerSide<End | null>): LinkEvent => ({
  operations: [],
  verdict: null,
  before: statesOf(before.ends),
  after: statesOf(ends),
  items: null,
});

const statesOf = ({ here, there }: PerSide<End | null>): PerSide<State> => ({
  here: here?.seen ?? deletedState,
  there: there?.seen ?? deletedState,
});
