import type { PathEntry } from '../tree/path-tree';
import { etagOf } from './dav-entry';
import type { DavPlaces } from './places';
import type { ServerTraits } from './server-traits';

type Headers = Readonly<Record<string, string>>;

/** The headers that make the server refuse a write if `expected` has changed. Empty: the server does not compare. */
export function preconditionOf(
  { precondition }: Pick<ServerTraits, 'precondition'>,
  places: DavPlaces,
  expected: Pick<PathEntry, 'path' | 'revision'>,
): Headers {
  const etag = etagOf(expected);
  return etag === null ? {} : conditionOn(precondition, places.of(expected.path, false), etag);
}

/** The same for the file that a MOVE replaces. `If-Match` only concerns the moved file. */
export const preconditionAt = (traits: ServerTraits, places: DavPlaces, expected: PathEntry): Headers =>
  traits.precondition === 'if' ? preconditionOf(traits, places, expected) : {};

/**
 * `If` names its resource, because otherwise Apache also applies the condition to the folder around it. RFC 4918, 8.3:
 * "Simple-ref = absolute-URI | ( path-absolute [ "?" query ] )".
 */
export function conditionOn(
  precondition: ServerTraits['precondition'],
  address: string,
  etag: string,
): Headers {
  switch (precondition) {
    case 'none':
      return {};
    case 'if':
      return { if: `<${address}> ([${etag}])` };
    case 'if-match':
      return { 'if-match': etag };
  }
}

export const isKept = (precondition: Headers): boolean => Object.keys(precondition).length > 0;
