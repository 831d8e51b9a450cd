import { spawnSync } from 'node:child_process';
import path from 'node:path';

describe('the log', () => {
  test('is one JSON object a line, with the fields of the logger and of the call', () => {
    const [line] = logged(`log.child({ channel: 'synchro' }).info({ syncId: 's' }, 'sync processed')`).stdout;
    expect(line).toMatchObject({
      level: 'info',
      name: 'test',
      channel: 'synchro',
      syncId: 's',
      msg: 'sync processed',
    });
  });

  test('leaves out lines below its level', () => {
    expect(logged(`log.debug({}, 'details')`).stdout).toEqual([]);
  });

  test('writes an error with its message, its stack and its cause', () => {
    const [line] = logged(
      `log.error({ err: new Error('outer', { cause: new Error('inner') }) }, 'broken')`,
    ).stdout;
    expect(line).toMatchObject({ err: { type: 'Error', message: 'outer: inner' } });
    expect(JSON.stringify(line)).toContain('caused by: Error: inner');
  });

  test('blanks secrets, however deep a request holds them', () => {
    const { stdout } = logged(
      `log.warn({ req: { headers: { authorization: 'hidden', cookie: 'hidden' } }, body: { secret: 'hidden', mail: 'a@b' }, password: 'hidden' }, 'refused')`,
    );
    expect(JSON.stringify(stdout)).not.toContain('hidden');
    expect(JSON.stringify(stdout)).toContain('a@b');
  });

  test('is written to stderr if the output of a command is its product', () => {
    const { stdout, stderr } = logged(`log.info({}, 'aside')`, 'stderr');
    expect(stdout).toEqual([]);
    expect(stderr).toMatchObject([{ msg: 'aside' }]);
  });
});

/** Runs a statement in a process of its own, for a process's output is what counts. */
function logged(statement: string, to = 'stdout') {
  const hook = path.join(__dirname, 'setup/typescript-hook.cjs');
  const script = `const { createLogger } = require(${JSON.stringify(path.join(__dirname, '../shared/log.ts'))});
    const log = createLogger({ level: 'info', name: 'test', to: '${to}' }); ${statement}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-r', hook, '-e', script], { encoding: 'utf8' });
  return { stdout: lines(stdout), stderr: lines(stderr) };
}

function lines(text: string): unknown[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): unknown => JSON.parse(line));
}
