import { errorCode } from '../../../shared/files/error-code';
import { Trouble } from '../../pipeline/trouble';
import type { TreeRefused } from '../tree/path-tree';
import { folderMissing, folderNotEmpty, nameTaken, refusal } from '../../pipeline/refusal';

/** Nothing is at the path, or a part of the path is not a folder. */
export const isAbsence = (error: unknown): boolean => absences.has(errorCode(error) ?? '');

/** Symbolic links in a path are not followed, so anything behind one counts as absent. */
const absences: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);

/** A refusal by the operating system, as a sentence. Null: it may work later, or it is not a refusal. */
export function refusalFrom(error: unknown): TreeRefused | null {
  const code = errorCode(error);
  return code === null ? null : (refusals[code] ?? null);
}

const systemTakesNoName = refusal('bad-name', { code: 'name-refused', values: {} });
const permissionsMissing = refusal('forbidden', { code: 'permissions-missing', values: {} });

const refusals: Readonly<Record<string, TreeRefused>> = {
  EEXIST: nameTaken,
  ENOENT: folderMissing,
  ENOTDIR: folderMissing,
  ELOOP: refusal('no-folder', { code: 'folder-is-symbolic-link', values: {} }),
  ENOTEMPTY: folderNotEmpty,
  ENAMETOOLONG: refusal('bad-name', { code: 'path-too-long', values: {} }),
  EINVAL: systemTakesNoName,
  EILSEQ: systemTakesNoName,
  EACCES: permissionsMissing,
  EPERM: permissionsMissing,
  EROFS: refusal('forbidden', { code: 'mounted-read-only', values: {} }),
  EFBIG: refusal('too-large', { code: 'file-too-large', values: {} }),
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
