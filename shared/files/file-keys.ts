/**
 * What a store keeps for itself is below this key, for example unfinished files. No listing returns it, and no caller can
 * name it.
 */
export const internalFolder = '.parts';

/** Refuses a key that would leave the store, with a `RangeError`. It is the last line of defence, not the first. */
export function needPlainKey(key: string): string {
  const segments = key.split('/');
  if (segments.some(isUnsafeSegment) || segments[0] === internalFolder) {
    throw new RangeError('a file store key is not a plain relative path');
  }
  return key;
}

const isUnsafeSegment = (segment: string): boolean =>
  segment === '' || segment === '.' || segment === '..' || segment.includes('\0');
