import { spawnSync } from 'node:child_process';

/**
 * A test with age's own program. Where it is not installed the test is skipped with a printed reason; in CI it fails.
 */
export function testWithAge(name: string, run: () => Promise<void>): void {
  if (spawnSync('age', ['--version']).status === 0) test(name, run);
  else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(reason);
    });
  } else {
    process.stderr.write(`skipped: "${name}" (${reason})\n`);
    test.skip(name, run);
  }
}

const reason = 'age is not installed; on Debian: apt-get install age';
