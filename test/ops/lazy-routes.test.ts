import express from 'express';
import { createServer } from 'node:http';
import { lazyRoutes } from '../../api/http/lazy-routes';
import { closeServer, listenOn } from '../../shared/metrics/ops-server';
import { call } from '../setup/solution-client';

test('routes are loaded with the first request, once, and again if that has failed', async () => {
  let loads = 0;
  const app = express();
  app.use(
    lazyRoutes(() => {
      loads += 1;
      if (loads === 1) return Promise.reject(new Error('a file is missing'));
      return Promise.resolve(express.Router().get('/page', (_request, response) => response.send('a page')));
    }),
  );
  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: unknown) => {
    response.status(500).end();
  });
  const server = createServer((request, response) => void app(request, response));
  const port = await listenOn(server, 0, '127.0.0.1');
  const page = (path: string) => call(`http://127.0.0.1:${port}${path}`);
  expect(loads).toBe(0);
  expect((await page('/page')).status).toBe(500);
  const pages = await Promise.all([page('/page'), page('/page')]);
  expect(pages.map(({ text }) => text)).toEqual(['a page', 'a page']);
  expect((await page('/other')).status).toBe(404);
  expect(loads).toBe(2);
  await closeServer(server);
});
