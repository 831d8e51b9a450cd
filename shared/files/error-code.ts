import { constants } from 'node:os';

/** The code of an error of the operating system, e.g. `ENOENT`. Null: it is not such an error. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  if (typeof code !== 'string') return null;
  // Node has no name for some errors, such as EDQUOT: their code is "Unknown system error -122".
  const number = 'errno' in error && code.startsWith('Unknown system error') ? error.errno : null;
  return names.find(([, errno]) => number === -errno)?.[0] ?? code;
}

const names = Object.entries(constants.errno);
