import { readFileSync, writeFileSync } from 'node:fs';
import { createEloJudge, eloShapesFile, extractShapes } from './fakes/elo-shapes';

const judge = createEloJudge();

test('a function that ELO does not have is a mistake', () => {
  expect(judge.request('readSord', {})).toEqual(['there is no function readSord']);
});

test('a member that a function does not have is a mistake, however deep it is', () => {
  expect(judge.request('deleteSord', { objId: '(1)', parentId: '1' })).toEqual([]);
  expect(judge.request('deleteSord', { id: '(1)' })).toHaveLength(1);
  expect(judge.request('deleteSord', { objId: 1 })).toHaveLength(1);
  const deep = { findInfo: { findChildren: { parentId: '1', mainParents: true } } };
  expect(judge.request('findFirstSords', deep)).toHaveLength(1);
  expect(judge.response('checkoutSord', { result: { sord: { id: 1, owner: 'x' } } })).toHaveLength(1);
});

// EPACK_TEST_ELO_OPENAPI=openapi_v23.json EPACK_TEST_WRITE_PAGES=1 npx jest test/systems/elo-shapes
const document = process.env['EPACK_TEST_ELO_OPENAPI'];
if (document !== undefined)
  test('the extract matches the document', () => {
    const shapes = extractShapes(readFileSync(document, 'utf8'));
    if (process.env['EPACK_TEST_WRITE_PAGES'] === '1')
      writeFileSync(eloShapesFile, JSON.stringify(shapes, null, 2));
    expect(JSON.parse(readFileSync(eloShapesFile, 'utf8'))).toEqual(shapes);
  });
