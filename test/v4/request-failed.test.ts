import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { addressOf } from '../../api/http/address';

describe('a request that fails for an unforeseen reason', () => {
  test('is in the log with the id of its response', () => {
    const [answered, line] = runServer(`
      const answer = await fetch(url, { headers: { 'X-Request-Id': 'kitchen-7' } });
      return { id: answer.headers.get('x-request-id'), status: answer.status };`);
    expect(answered).toEqual({ id: 'kitchen-7', status: 500 });
    expect(line).toMatchObject({
      level: 'error',
      msg: 'request failed',
      requestId: 'kitchen-7',
      path: '/broken',
    });
  });
});

describe('the address of a caller', () => {
  test.each([
    ['::ffff:127.0.0.1', '127.0.0.1'],
    ['::FFFF:10.1.2.3', '10.1.2.3'],
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['::ffff:0:1', '::ffff:0:1'],
    [undefined, ''],
  ])('%s is written %s', (ip, written) => expect(addressOf({ ip })).toBe(written));
});

/** In a process of its own, for its output is what counts: what the caller found, then the lines of the log. */
function runServer(ask: string): unknown[] {
  const at = (file: string) => JSON.stringify(path.join(__dirname, '../..', file));
  const script = `
    const express = require('express');
    const { createProblemHandler } = require(${at('api/http/problem.ts')});
    const { createLogger } = require(${at('shared/log.ts')});
    const { requestIdOf } = require(${at('api/http/request-id.ts')});
    const app = express();
    app.use((request, response, next) => {
      response.setHeader('X-Request-Id', requestIdOf(request.headers['x-request-id']));
      next();
    });
    app.get('/broken', () => { throw new Error('nobody foresaw this'); });
    app.use(createProblemHandler(createLogger({ level: 'info', name: 'test', to: 'stdout' })));
    const server = app.listen(0, '127.0.0.1', async () => {
      const url = 'http://127.0.0.1:' + server.address().port + '/broken';
      const found = await (async () => { ${ask} })();
      console.error(JSON.stringify(found));
      server.closeAllConnections();
      server.close();
    });`;
  const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
  const run = spawnSync(process.execPath, ['-r', hook, '-e', script], {
    encoding: 'utf8',
    cwd: path.join(__dirname, '../..'),
  });
  const lines = (text: string) => text.split('\n').filter((line) => line.startsWith('{'));
  return [...lines(run.stderr), ...lines(run.stdout)].map((line): unknown => JSON.parse(line));
}
