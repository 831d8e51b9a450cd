import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as errors from '../../shared/errors/catalog';
import { settings } from '../../shared/config/settings';
import { channels } from '../../shared/domain/channel';
import { flags } from '../../shared/domain/flag';
import { syncStates } from '../../shared/domain/sync-state';
import { allPages, anchorsOf, fencesOf, localLinksOf, pageOf, root } from './markdown';

describe('every page', () => {
  test.each(allPages())('$name has only links to existing pages and sections', (page) => {
    const broken = localLinksOf(page).filter((link) => {
      const [file = '', anchor] = link.split('#');
      const target = file === '' ? page.name : path.join(path.dirname(page.name), file);
      if (!existsSync(path.join(root, target))) return true;
      return anchor !== undefined && !anchorsOf(pageOf(target)).includes(anchor);
    });
    expect(broken).toEqual([]);
  });

  test.each(allPages())('$name names only existing settings', ({ text }) => {
    const named = [...text.matchAll(/\bEPACK_[A-Z_]+[A-Z]\b/g)].map(([name]) => name);
    // The last three are read by docker-compose.yml and the proxy alone.
    const foreign = /^EPACK_(TEST_|SOLUTION_|(URL|LISTEN|MEMORY_LIMIT|UPSTREAM)$)/;
    expect(named.filter((name) => !(name in settings.shape) && !foreign.test(name))).toEqual([]);
  });

  test.each(allPages())('$name names only existing npm scripts', ({ text }) => {
    const scripts = readFileSync(path.join(root, 'package.json'), 'utf8');
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z][a-z:]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !scripts.includes(`"${name}":`))).toEqual([]);
  });
});

describe('docs/protocol.md', () => {
  const page = pageOf('docs/protocol.md');

  test('names every channel, flag and state', () => {
    const names = [...channels, ...flags, ...syncStates];
    expect(names.filter((name) => !page.text.includes(`\`${name}\``))).toEqual([]);
  });

  test('lists every error that a solution can meet, with its status', () => {
    const made = [
      errors.badRequest(''),
      errors.badCredentials(),
      errors.digestMismatch(),
      errors.unauthorized(),
      errors.solutionBlocked(),
      errors.solutionLocked(),
      errors.wrongStatus(1, 0),
      errors.unknownChannel(''),
      errors.unknownRoute(),
      errors.noSync(),
      errors.unknownPhoto(),
      errors.unknownUpload(),
      errors.otherSync(''),
      errors.offsetMismatch(),
      errors.tusVersion(),
      errors.tooLarge(1),
      errors.notAZip(''),
      errors.wrongUploadType(),
      errors.rangeNotSatisfiable(1),
      errors.badArchive(null, ''),
      errors.idempotencyKeyReused(),
      errors.tooManyRequests(1),
      errors.unavailable('queue'),
    ];
    const table = page.text.slice(page.text.indexOf('## Error codes'));
    expect(made.filter(({ code }) => !table.includes(`\`${code}\``)).map(({ code }) => code)).toEqual([]);
  });

  test('gives every limit that a setting changes its default', () => {
    const table = page.text.slice(page.text.indexOf('## Limits'), page.text.indexOf('## Error codes'));
    for (const [, shown = '', name = ''] of table.matchAll(/\| ([\d,]+ ?\w*) +\| `(EPACK_\w+)`/g)) {
      expect(`${name} ${inUnits(shown)}`).toBe(`${name} ${defaultOf(name)}`);
    }
  });

  test('has examples that are run', () => {
    expect(fencesOf(page).filter(({ info }) => info === 'sh run').length).toBeGreaterThan(2);
  });
});

function inUnits(shown: string): number {
  const [amount = '', unit = ''] = shown.split(' ');
  const factors: Record<string, number> = { MiB: 2 ** 20, GiB: 2 ** 30 };
  return Number(amount.replaceAll(',', '')) * (factors[unit] ?? 1);
}

function defaultOf(name: string): number {
  const read = settings.parse({});
  return Number(Object.entries(read).find(([known]) => known === name)?.[1]);
}
