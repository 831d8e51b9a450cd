import { type Flag, flags } from '../domain/flag';

/**
 * What a special synchronisation does. Each effect is implemented in one place:
 *
 * - `asks-all-logs`: `lastIdLogs` gives -1 (the handshake)
 * - `asks-all-parameters`: `listSyncParams` asks for every class (the handshake)
 * - `replaces-manager`: the upload takes the place of what the manager holds (the worker)
 * - `keeps-manager`: nothing of the upload changes the manager's parameters (the worker)
 * - `tells-all-parameters`, `tells-all-logs`: the package holds them as `r` (the worker)
 * - `rebuilds-photo-index`: the index is made of the file store (the worker)
 * - `frees-channel`: the channel goes to 0 at once; such a flag is not kept (the backoffice)
 */
export type SpecialEffect =
  | 'asks-all-logs'
  | 'asks-all-parameters'
  | 'replaces-manager'
  | 'keeps-manager'
  | 'tells-all-parameters'
  | 'tells-all-logs'
  | 'rebuilds-photo-index'
  | 'frees-channel';

/** Source: ePack V4, Special synchronisations. */
const effectsOf: Readonly<Record<Flag, readonly SpecialEffect[]>> = {
  // The solution sends its readings before they are replaced. Otherwise readings that only the solution has would be
  // lost.
  'replace-from-manager': ['asks-all-logs', 'keeps-manager', 'tells-all-parameters', 'tells-all-logs'],
  'replace-from-solution': ['asks-all-logs', 'asks-all-parameters', 'replaces-manager'],
  'resend-logs': ['asks-all-logs'],
  'resend-params': ['tells-all-parameters'],
  'rebuild-photo-index': ['rebuilds-photo-index'],
  'reset-status': ['frees-channel'],
};

/** Does one of the flags have the effect? */
export function haveEffect(asked: readonly Flag[], effect: SpecialEffect): boolean {
  return asked.some((flag) => effectsOf[flag].includes(effect));
}

/**
 * These flags change what the solution sends, so they apply from the handshake on. A flag that is set after the
 * handshake waits for the next one.
 */
export const handshakeFlags: readonly Flag[] = flags.filter((flag) => haveEffect([flag], 'asks-all-logs'));

/**
 * The handshake flags that apply even if the solution does not ask for the highest ids, because it then has nothing to
 * send.
 */
export const oneWayFlags: readonly Flag[] = flags.filter((flag) => haveEffect([flag], 'tells-all-logs'));
