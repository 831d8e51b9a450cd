import { spawnSync } from 'node:child_process';

/**
 * A test with a program that the project does not bring. Where it is not installed the test is skipped with a printed
 * reason; in CI it fails.
 */
export function testWithProgram(program: 'age' | 'caddy', name: string, run: () => Promise<void>): void {
  const reason = `${program} is not installed; on Debian: apt-get install ${program}`;
  // Both know a word of their own for their version.
  if (spawnSync(program, [program === 'age' ? '--version' : 'version']).status === 0) test(name, run);
  else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(reason);
    });
  } else {
    process.stderr.write(`skipped: "${name}" (${reason})\n`);
    test.skip(name, run);
  }
}

/**
 * The same for several tests that need several programs. `declare` is called at once, so that its tests are known; where a
 * program is missing they are skipped, and in CI one test fails.
 */
export function describeWithPrograms(programs: readonly string[], name: string, declare: () => void): void {
  const missing = programs.filter(
    (program) =>
      spawnSync('/bin/sh', ['-c', 'command -v "$0" || command -v "/usr/sbin/$0"', program]).status !== 0,
  );
  if (missing.length === 0) {
    describe(name, declare);
    return;
  }
  const reason = `not installed: ${missing.join(', ')}; on Debian: apt-get install ${missing.join(' ')}`;
  describe(name, () => {
    if (process.env['CI'] !== 'true') {
      process.stderr.write(`skipped: "${name}" (${reason})\n`);
      test.skip('needs programs', () => undefined);
      return;
    }
    test('needs programs', () => {
      throw new Error(reason);
    });
  });
}
