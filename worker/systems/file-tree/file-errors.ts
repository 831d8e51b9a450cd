import { errorCode } from '../../../shared/files/error-code';
import { Trouble } from '../../pipeline/trouble';
import type { RefusalCode } from '../../pipeline/system';
import type { TreeRefused } from '../tree/path-tree';

/** Nothing is at the path, or a part of the path is not a folder. */
export const isAbsence = (error: unknown): boolean => absences.has(errorCode(error) ?? '');

/** Symbolic links in a path are not followed, so anything behind one counts as absent. */
const absences: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** A refusal by the operating system, as a sentence. Null: it may work later, or it is not a refusal. */
export function refusalFrom(error: unknown): TreeRefused | null {
  const code = errorCode(error);
  const refusal = code === null ? undefined : refusals[code];
  return refusal === undefined ? null : { kind: 'refused', code: refusal.code, reason: refusal.reason };
}

const refusals: Readonly<Record<string, { readonly code: RefusalCode; readonly reason: string }>> = {
  EEXIST: { code: 'name-taken', reason: 'Something else has that name.' },
  ENOENT: { code: 'no-folder', reason: 'Its folder is not there.' },
  ENOTDIR: { code: 'no-folder', reason: 'Its folder is not there.' },
  ELOOP: { code: 'no-folder', reason: 'Its folder is a symbolic link, and those are not followed.' },
  ENOTEMPTY: { code: 'not-empty', reason: 'The folder is not empty.' },
  ENAMETOOLONG: { code: 'bad-name', reason: 'The name, or its path, is longer than the file system takes.' },
  EINVAL: { code: 'bad-name', reason: 'The file system does not take that name.' },
  EILSEQ: { code: 'bad-name', reason: 'The file system does not take that name.' },
  EACCES: { code: 'forbidden', reason: 'The permissions of the folder do not allow that.' },
  EPERM: { code: 'forbidden', reason: 'The permissions of the folder do not allow that.' },
  EROFS: { code: 'forbidden', reason: 'The file system is mounted to be read only.' },
  EFBIG: { code: 'too-large', reason: 'The file is larger than the file system takes.' },
};

/** Any other error, after which the call is tried again. */
export function troubleFrom(error: unknown, what: string): unknown {
  if (error instanceof Trouble) return error;
  const code = errorCode(error);
  if (code === null) return error;
  const reason = reasons[code] ?? `the operating system says ${code}`;
  return new Trouble('unavailable', `${what}: ${reason}`, undefined, { cause: error });
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'no space is left on the disk',
  EDQUOT: 'the quota of the disk is used up',
  EACCES: 'the permissions do not allow it',
  EPERM: 'the permissions do not allow it',
  EIO: 'the disk cannot be read or written',
  ESTALE: 'the network file system has lost the file',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
};
