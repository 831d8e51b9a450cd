import type { Fields, FieldValue } from '../../shared/domain/merge-copy';
import type { LinkStatusWord } from '../../shared/systems/pair-settings';
import type { LinkState } from '../pipeline/links';
import type { WriteBack } from '../pipeline/middlewares/execute';
import { otherSide, type Side } from '../pipeline/sides';
import type { Item } from '../pipeline/system';
import { currentEntity } from './call-scope';
import type { WorkedSettings } from './worked-settings';

/** The write-back values of one side. */
export interface WriteBackValues {
  /** The other side's item; null: it has none. */
  readonly other: Item | null;
  readonly syncKey: string | null;
  readonly status: LinkStatusWord;
  /** How often it was tried without success. */
  readonly attempts: number;
  readonly error: string | null;
  readonly now: Date;
}

/** Failures and their number are written back by the slice, successful results by the engine. */
export function writeBackOf(settings: WorkedSettings, side: Side): WriteBack | null {
  if (Object.keys(settings.writeBack[side]).length === 0) return null;
  return ({ item, state, syncKey }) =>
    writeBackFields(settings, side, {
      other: item,
      syncKey,
      status: statusOfLink(state),
      attempts: 0,
      error: null,
      now: currentEntity()?.startedAt ?? new Date(),
    });
}

/** What is written to a side before its entity is processed. Null: nothing, because it costs a call. */
export function announcedOf(settings: WorkedSettings, side: Side): Fields | null {
  const named = Object.entries(settings.writeBack[side]).filter(([, word]) => word === '$status');
  if (!settings.writeBackSyncing || named.length === 0) return null;
  return Object.fromEntries(named.map(([name]) => [name, wordOf(settings, 'syncing')]));
}

const wordOf = ({ statusWords }: WorkedSettings, status: LinkStatusWord): string =>
  statusWords[status] ?? usualWords[status];

/** With the names and values of that side. Unknown values are left out. */
export function writeBackFields(settings: WorkedSettings, side: Side, told: WriteBackValues): Fields {
  return Object.fromEntries(
    Object.entries(settings.writeBack[side]).flatMap(([name, word]): [string, FieldValue][] => {
      const value = valueOf(settings, side, word, told);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Names of the fields whose value changes with every call. Such a change alone is no reason for a call. */
export const timeFields = (settings: WorkedSettings, side: Side): ReadonlySet<string> =>
  new Set(
    Object.entries(settings.writeBack[side]).flatMap(([name, word]) => (word === '$now' ? [name] : [])),
  );

function valueOf(
  settings: WorkedSettings,
  side: Side,
  word: string,
  { other, syncKey, status, attempts, error, now }: WriteBackValues,
): FieldValue | undefined {
  switch (word) {
    case `$${otherSide(side)}.key`:
      return other?.key;
    case `$${otherSide(side)}.revision`:
      return other?.revision;
    case '$syncKey':
      return syncKey ?? undefined;
    case '$status':
      return wordOf(settings, status);
    case '$now':
      return now.toISOString().slice(0, 19).replace('T', ' ');
    case '$attempts':
      return attempts;
    case '$error':
      return error === null ? null : error.slice(0, longestError);
    default:
      return undefined;
  }
}

const longestError = 250;

const usualWords: Readonly<Record<LinkStatusWord, string>> = {
  creating: 'pending_sync',
  dirty: 'dirty',
  syncing: 'syncing',
  clean: 'clean',
  failed: 'failed',
  'given-up': 'permanently_failed',
  conflict: 'conflict',
  'deleted-here': 'deleted_here',
  'deleted-there': 'deleted_in_advoware',
};

function statusOfLink(state: LinkState): LinkStatusWord {
  switch (state) {
    case 'active':
    case 'gone':
      return 'clean';
    case 'quarantined':
      return 'conflict';
    case 'creating':
    case 'conflict':
    case 'deleted-here':
    case 'deleted-there':
      return state;
  }
}
