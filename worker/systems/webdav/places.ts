/** Where the items of a pair are on the server. */
export interface DavPlaces {
  /** The origin that the client calls: `https://dav.example`. */
  readonly origin: string;
  /**
   * The path of a request. It begins with a slash; that of a folder also ends with one, because otherwise Apache
   * redirects.
   */
  of(path: string, isFolder: boolean): string;
  /** The value of the header `Destination`. Every server understands an "absolute-URI". */
  destination(path: string, isFolder: boolean): string;
}

/** `root` is the folder of the pair, below the address of the system. */
export function createPlaces(url: string, root: string): DavPlaces {
  const { origin, pathname } = new URL(url);
  const base = [...pathname.split('/').filter(isText), ...root.split('/').filter(isText).map(encoded)];
  const of = (path: string, isFolder: boolean) => {
    const names = [...base, ...path.split('/').filter(isText).map(encoded)];
    return names.length === 0 ? '/' : `/${names.join('/')}${isFolder ? '/' : ''}`;
  };
  return { origin, of, destination: (path, isFolder) => `${origin}${of(path, isFolder)}` };
}

/**
 * The names in an address of a response, from the root of the server. The address may be absolute or not, and encoded
 * in any way. Null: it contains a name that is not text, or that could lead elsewhere.
 */
export function namesIn(href: string): readonly string[] | null {
  const path = href.replace(/^[a-z][a-z\d+.-]*:/i, '').replace(/^\/\/[^/]*/, '');
  const names = path.split('/').filter(isText).map(decoded);
  return names.every((name) => name !== null && isPossible(name))
    ? names.filter((name) => name !== null)
    : null;
}

export const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));

export const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

export const joined = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

const isText = (text: string): boolean => text !== '';

const isPossible = (name: string): boolean => name !== '.' && name !== '..' && !/[/\u0000]/.test(name);

const encoded = (name: string): string => encodeURIComponent(name);

/** Some servers do not encode, so a `%` may be an ordinary character. Null: the bytes are not text. */
function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    return /%[89a-f][\da-f]/i.test(name) ? null : name;
  }
}
