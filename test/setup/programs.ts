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
