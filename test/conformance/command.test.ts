import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { epack } from '../commands/epack';
import { faultsOf } from '../console/faults';
import { describeWithBrowser } from '../setup/chromium';
import { createTestFolder } from '../setup/folder';
import { enrol, onServer } from '../v4/on-server';
import { startMutant } from './mutant-server';
import { mutants } from './mutants';

const server = onServer({}, { worker: true });
jest.setTimeout(180_000);

const file = path.join(createTestFolder().path, 'report.html');
const only = ['--only', 'statut-string', 'poll-after', 'wrong-status-tells-it', 'stranger-photo'];

async function report(environment: Readonly<Record<string, string>> = {}, words: readonly string[] = []) {
  const { mail, secret, mac } = await enrol(server());
  const mutant = await startMutant(server().url, mutants['poll-after'] ?? {});
  const who = ['--url', mutant.url, '--mail', mail, '--mac', mac];
  const ended = await epack(['conformance', ...who, ...only, '--report', file, ...words], {
    EPACK_SOLUTION_SECRET: secret,
    ...environment,
  });
  mutant.close();
  return ended;
}

test('epack conformance says which sentence a server breaks, and ends with 1', async () => {
  const { exitCode, out, err } = await report();
  expect({ exitCode, err }).toEqual({ exitCode: 1, err: '' });
  expect(out.split('\n')).toEqual(
    expect.arrayContaining([
      'passed    statut-string',
      'FAILED    poll-after: The advice when to ask again',
      '          seen     0',
      'not seen  stranger-photo: It needs a second solution.',
      '2 passed, 1 failed, 1 not seen',
    ]),
  );
});

test('a mistake in its options is said, and ends with 2', async () => {
  const { exitCode, err } = await report({}, ['--only', 'no-such-check']);
  expect({ exitCode, err }).toEqual({ exitCode: 2, err: 'There is no check "no-such-check".\n' });
  const alone = await epack(['conformance', '--url', server().url]);
  expect(alone.exitCode).toBe(2);
  expect(alone.err).toContain('--mail');
});

describeWithBrowser('The report of epack conformance', (browser) => {
  test('is a page in both languages that needs nothing else, and everybody can read', async () => {
    await report();
    expect(readFileSync(file, 'utf8')).not.toMatch(/<script|src=|@import/);
    const page = await browser().newPage({ viewport: { width: 400, height: 900 } });
    await page.goto(pathToFileURL(file).href);
    const english = page.locator('main.en');
    const french = page.locator('main.fr');
    expect([await english.isVisible(), await french.isVisible()]).toEqual([true, false]);
    expect(await english.locator('article').allInnerTexts()).toEqual([
      expect.stringMatching(/advice when to ask again[^]*Epack-Poll-After[^]*expected[^]*seen 0/),
      expect.stringMatching(/photo of another solution[^]*not seen[^]*second solution/),
    ]);
    expect(await faultsOf(page, 'conformance in English')).toEqual([]);
    await page.getByText('Français').click();
    expect([await english.isVisible(), await french.isVisible()]).toEqual([false, true]);
    expect(await french.locator('.verdict').innerText()).toBe('Tout n’est pas réussi.');
    expect(await faultsOf(page, 'conformance in French')).toEqual([]);
    await page.close();
  });
});
