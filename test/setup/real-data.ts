import { existsSync } from 'node:fs';
import path from 'node:path';

const folder = process.env['EPACK_TEST_DATA'] ?? path.resolve(__dirname, '../../../shared/data');

/** A path in the folder of real input, or null (and a printed reason) where this machine does not have it. */
export function realData(...segments: string[]): string | null {
  const found = path.join(folder, ...segments);
  if (existsSync(found)) return found;
  process.stderr.write(`skipped: no real input at ${found} (set EPACK_TEST_DATA)\n`);
  return null;
}
