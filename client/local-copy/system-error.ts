/** True for an error of the operating system with that code, e.g. `ENOENT`. */
export function isSystemError(error: unknown, code: string): boolean {
  return isObject(error) && error['code'] === code;
}

/** The failed operation of the operating system, e.g. `write`; null: it is not an error of the operating system. */
export function systemCallOf(error: unknown): string | null {
  const call = isObject(error) ? error['syscall'] : null;
  return typeof call === 'string' ? call : null;
}

/** A sentence for any thrown value. */
export function messageOf(error: unknown): string {
  const message = isObject(error) ? error['message'] : null;
  return typeof message === 'string' ? message : String(error);
}

/** Not `instanceof Error`, because in a test runner the errors of the system have another class. */
function isObject(error: unknown): error is Record<string, unknown> {
  return typeof error === 'object' && error !== null;
}
