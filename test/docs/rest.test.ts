import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { OpenApiDocument } from '../../api/openapi/document';
import { onServer } from '../v4/on-server';

const page = path.resolve(__dirname, '../../docs/rest.md');
const marker = '<!-- Written from the document: EPACK_TEST_WRITE_PAGES=1 npx jest test/docs/rest -->\n';
const server = onServer();

describe('docs/rest.md', () => {
  test('lists the calls of /openapi.json (EPACK_TEST_WRITE_PAGES=1 npx jest test/docs/rest)', async () => {
    const document = (await (await fetch(`${server().url}/openapi.json`)).json()) as OpenApiDocument;
    const written = readFileSync(page, 'utf8');
    const [guide = ''] = written.split(marker);
    const wanted = guide + marker + tableOf(document);
    if (process.env['EPACK_TEST_WRITE_PAGES'] === '1') writeFileSync(page, wanted);
    else expect(written).toBe(wanted);
  });
});

/** Chapter by chapter, without the protocol, which has a page of its own. */
function tableOf(document: OpenApiDocument): string {
  const calls = Object.entries(document.paths).flatMap(([template, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method, template, operation })),
  );
  const chapters = document.tags.filter(({ name }) => name !== 'Protocol');
  const lines = chapters.flatMap(({ name, description }) => [
    '',
    `### ${name}`,
    '',
    description,
    '',
    '| call | role | does |',
    '| --- | --- | --- |',
    ...calls
      .filter(({ operation }) => operation.tags[0] === name)
      .map(
        ({ method, template, operation }) =>
          `| \`${method.toUpperCase()} ${template}\` | ${operation['x-epack-role'] ?? 'anyone'} | ${operation.summary} |`,
      ),
  ]);
  return `${lines.join('\n')}\n`;
}
