/** True for an error of the operating system with that code, e.g. `ENOENT`. */
export function isSystemError(error: unknown, code: string): boolean {
  return isObject(error) && error['code'] === code;
}

/** What the operating system was asked to do when it failed, e.g. `write`; null: it is no error of its. */
export function systemCallOf(error: unknown): string | null {
  const call = isObject(error) ? error['syscall'] : null;
  return typeof call === 'string' ? call : null;
}

/** A sentence for whatever was thrown. */
export function messageOf(error: unknown): string {
  const message = isObject(error) ? error['message'] : null;
  return typeof message === 'string' ? message : String(error);
}

/** Not `instanceof Error`: a test runner keeps errors of the system in a world of their own. */
function isObject(error: unknown): error is Record<string, unknown> {
  return typeof error === 'object' && error !== null;
}
