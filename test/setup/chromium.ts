import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

/** Starting it on a busy machine, at worst. */
const patienceMs = 120_000;

/**
 * A suite with a real browser, known inside tests and hooks. Without Chromium the suite is skipped with a printed
 * reason; in CI it fails.
 */
export function describeWithBrowser(name: string, suite: (browser: () => Browser) => void): void {
  const file = findChromium();
  if (file !== null) {
    describe(name, () => {
      let browser: Browser | undefined;
      beforeAll(async () => {
        // Chromium's own sandbox does not start for root.
        const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
        browser = await chromium.launch({ executablePath: file, args });
      }, patienceMs);
      afterAll(() => browser?.close());
      suite(() => given(browser));
    });
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      test('has a browser to run in', () => {
        throw new Error(`Chromium cannot be had: ${reason}`);
      });
    });
  } else {
    process.stderr.write(`skipped: "${name}" needs a browser (${reason})\n`);
    describe.skip(name, () => suite(() => given(undefined)));
  }
}

const reason =
  'no CHROMIUM_PATH, and no Chromium or Chrome where they are installed; on Debian: apt-get install chromium';

const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

function findChromium(): string | null {
  const files = [
    ...(process.env['CHROMIUM_PATH'] === undefined ? [] : [process.env['CHROMIUM_PATH']]),
    ...installed,
  ];
  return files.find((file) => existsSync(file)) ?? null;
}

function given(browser: Browser | undefined): Browser {
  if (browser === undefined) throw new Error('The browser is known only inside tests and hooks.');
  return browser;
}
