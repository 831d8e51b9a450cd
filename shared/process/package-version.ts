import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** e.g. `0.1.0`: that of the nearest package.json above this file; a build lies one folder deeper. */
export function packageVersion(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json');
    if (!existsSync(file)) continue;
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version?: unknown };
    return String(version);
  }
  return 'unknown';
}
