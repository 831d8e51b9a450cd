import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';

const root = path.resolve(__dirname, '../..');
const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');

const list = z.object({
  bomFormat: z.literal('CycloneDX'),
  components: z.array(
    z.object({
      name: z.string(),
      group: z.string().optional(),
      version: z.string(),
      licenses: z.array(z.unknown()).optional(),
    }),
  ),
});
const lockFile = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({
      version: z.string(),
      dev: z.boolean().optional(),
      devOptional: z.boolean().optional(),
    }),
  ),
});

/** As SECURITY.md gives it. */
const sbom = () =>
  list.parse(JSON.parse(execFileSync('npm', ['run', '--silent', 'sbom'], { cwd: root, encoding: 'utf8' })));

describe('what is in a release', () => {
  test('is listed with version and licence: every shipped package of the lock file, and no package that only development needs', () => {
    const listed = sbom().components.map(({ name, group, version, licenses }) => {
      expect([name, licenses?.length]).toEqual([name, 1]);
      return `${group === undefined ? '' : `${group}/`}${name}@${version}`;
    });
    const { packages } = lockFile.parse(JSON.parse(read('package-lock.json')));
    const shipped = Object.entries(packages)
      .filter(([place, { dev, devOptional }]) => place !== '' && dev !== true && devOptional !== true)
      .map(([place, { version }]) => `${place.split('node_modules/').at(-1) ?? ''}@${version}`);
    expect([...new Set(listed)].sort()).toEqual([...new Set(shipped)].sort());
    // Tools of development need these as well.
    expect(listed.join(' ')).toMatch(/\bexpress@.* jose@.* nodemailer@/);
  });

  test('is written and checked for known vulnerabilities by .ci/run', () => {
    const steps = read('.ci/run');
    expect(steps).toMatch(/npm run --silent sbom >/);
    expect(steps).toMatch(/npm audit --omit=dev --audit-level=high/);
    for (const step of ['write_sbom', 'audit_packages']) expect(steps).toContain(`\nstep ${step}\n`);
  });
});
