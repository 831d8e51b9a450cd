/** S3 allows keys of 1,024 bytes; the rest is for the prefix. */
export const MAX_NAME_BYTES = 800;
/** File systems allow 255. */
const MAX_SEGMENT_BYTES = 200;
const MAX_FOLDERS = 8;

/** Why an entry may not have this name (`/`-separated, a folder's ends in `/`), in the words of the protocol; or null. */
export function nameProblem(name: string): string | null {
  // Some programs write an entry for the archive's own folder.
  if (name === '/') return null;
  if (name === '') return 'an empty name';
  if (/\p{Cc}/u.test(name)) return 'a control character in its name';
  if (name.includes('\uFFFD')) return 'a name that is not valid UTF-8';
  if (name.startsWith('/')) return 'an absolute path';
  if (/^[a-z]:/i.test(name)) return 'a drive letter in its path';
  const segments = withoutTrailingSlash(name).split('/');
  if (segments.includes('..')) return '".." in its path';
  if (segments.includes('.')) return '"." in its path';
  if (segments.includes('')) return 'an empty folder name in its path';
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_SEGMENT_BYTES))
    return 'a name that is too long';
  if (segments.length > MAX_FOLDERS + 1) return 'too many folders in its path';
  return null;
}

/** Checks that names can exist side by side: no two are equal, and no file has the name of a folder of another. */
export interface NameSet {
  /** Why the name cannot be added to those before it; or null, and it is added. */
  add(name: string): string | null;
}

/** Names compare without case, and however their accents are composed. */
export function createNameSet(): NameSet {
  const names = new Set<string>();
  const files = new Set<string>();
  const folders = new Set<string>();

  return {
    add(name) {
      const path = withoutTrailingSlash(name).normalize('NFC').toLowerCase();
      if (names.has(path)) return 'two entries of one name';
      const parents = parentsOf(path);
      if (parents.some((parent) => files.has(parent))) return 'a file where a folder is needed';
      if (name.endsWith('/')) folders.add(path);
      else if (folders.has(path)) return 'a file where a folder is needed';
      else files.add(path);
      names.add(path);
      for (const parent of parents) folders.add(parent);
      return null;
    },
  };
}

const withoutTrailingSlash = (name: string): string => (name.endsWith('/') ? name.slice(0, -1) : name);

/** Of `a/b/c`: `a` and `a/b`. */
function parentsOf(path: string): string[] {
  const segments = path.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}
