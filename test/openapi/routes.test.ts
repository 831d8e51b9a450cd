import type { Express, Router } from 'express';
import type { OpenApiDocument } from '../../api/openapi/document';
import { onServer } from '../v4/on-server';

const server = onServer({ EPACK_METRICS_TOKEN: 'a-token-for-the-test-of-the-document' });
let document: OpenApiDocument;
beforeAll(async () => {
  document = (await (await fetch(`${server().url}/openapi.json`)).json()) as OpenApiDocument;
});

/** `GET /api/solutions/{id}` */
const documented = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );

/** True for routes of the interfaces, and false for pages for people. */
const isOfInterface = (name: string) =>
  /^\w+ \/(api|v4|healthz|readyz|metrics|openapi\.json|docs)\b/.test(name);

/** A page's own stylesheet is no call. */
const assets = ['GET /docs/style.css'];

test('every route that is mounted is in the document', () => {
  const mounted = routesOf(server().app).filter(isOfInterface);
  expect(mounted.length).toBeGreaterThan(50);
  expect(mounted.filter((name) => !documented().includes(name) && !assets.includes(name))).toEqual([]);
});

test('every call of the document is mounted', () => {
  const mounted = routesOf(server().app);
  expect(documented().filter((name) => !mounted.includes(name))).toEqual([]);
});

test('routes for all methods are known: they refuse methods that a path does not support', () => {
  const paths = Object.keys(document.paths).filter((path) => /^\/(api|v4)\//.test(path));
  const expected = ['/v4/{channel}{/*rest}', ...paths].map((path) => `ALL ${path}`);
  expect(routesOf(server().app, '_ALL').filter(isOfInterface).sort()).toEqual(expected.sort());
});

test('every call of the document exists on the running server', async () => {
  for (const name of documented()) {
    const [method = '', template = ''] = name.split(' ');
    const path = template.replace('{channel}', 'photos').replace(/\{\w+\}/g, '1');
    const answer = await fetch(server().url + path, { method });
    const text = await answer.text();
    // Nobody is signed in: what is there asks who calls, or for a body; of a webhook, the token says who calls.
    const isUnknownHook = path.startsWith('/hooks/') && answer.status === 404;
    const isOpen = [200, 204, 400].includes(answer.status) || isUnknownHook;
    expect(
      `${name} ${isOpen ? 401 : answer.status} ${text.includes('There is nothing at this path') ? text : ''}`,
    ).toBe(`${name} 401 `);
  }
});

/** Where routers are mounted at a path, what they hold cannot be told: those of interfaces must not be. */
function routesOf(router: Router | Express, kind: '_ALL' | 'one' = 'one'): string[] {
  const { stack } = 'router' in router ? router.router : router;
  return stack.flatMap(({ route, handle }) => {
    if (route !== undefined) {
      // A list of paths is typed as one.
      const paths: readonly string[] = [route.path].flat();
      // `all` is a method that has no name.
      const methods = route.stack.map(({ method }) => (method as string | undefined) ?? '_ALL');
      const names = [...new Set(methods)].filter((method) => (method === '_ALL') === (kind === '_ALL'));
      return names.flatMap((method) =>
        paths.map((path) => `${method.replace('_', '').toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`),
      );
    }
    return 'stack' in handle ? routesOf(handle as unknown as Router, kind) : [];
  });
}
