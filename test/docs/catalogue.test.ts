import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cataloguePage } from './catalogue-page';

const page = path.resolve(__dirname, '../../docs/catalogue.md');

if (process.env['EPACK_TEST_WRITE_PAGES'] === '1') writeFileSync(page, cataloguePage());

describe('docs/catalogue.md', () => {
  test('is as the code would write it today (EPACK_TEST_WRITE_PAGES=1 npx jest test/docs/catalogue)', () => {
    expect(existsSync(page) ? readFileSync(page, 'utf8') : '').toBe(cataloguePage());
  });
});
