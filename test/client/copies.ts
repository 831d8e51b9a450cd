import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type LocalCopy, openLocalCopy } from '../../client/local-copy/local-copy';
import { createTestFolder } from '../setup/folder';

/** A local copy in a folder of its own, with these files in it. */
export async function copyWith(files: Readonly<Record<string, string>> = {}): Promise<LocalCopy> {
  const { path: dir } = createTestFolder();
  put(dir, files);
  return openLocalCopy(dir, { flush: false });
}

export function put(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
}

export function textIn(dir: string, name: string): string {
  return readFileSync(path.join(dir, name), 'utf8');
}

/** Every file of the copy with its content, but for what the program keeps for itself. */
export function contentsOf(dir: string): Record<string, string> {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(dir, path.join(entry.parentPath, entry.name)))
    .filter((name) => !name.startsWith('.epack'))
    .sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(path.join(dir, name), 'latin1')]));
}

/** `xml/<Class>.xml` as a solution writes it. */
export function classFile(className: string, ...entities: readonly string[]): string {
  return `<?xml version="1.0" encoding="utf-8"?>\n<ArrayOfDef${className} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n${entities.join('\n')}\n</ArrayOfDef${className}>\n`;
}

export function fridge(id: string, name: string, tempMax = 4): string {
  return `<DefFridges><Id>${id}</Id><idServer/><Ts>2026-11-20 07:31:00</Ts><IsActive>true</IsActive><Name>${name}</Name><TempMax>${tempMax}</TempMax></DefFridges>`;
}
