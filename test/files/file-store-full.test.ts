import { isFileStoreAway, isFileStoreFull } from '../../shared/files/file-store-away';

test.each([
  ['a full disk', { errno: -28, code: 'ENOSPC' }],
  ['a used-up quota, for which Node has no name', { errno: -122, code: 'Unknown system error -122' }],
])('%s is a file store that accepts nothing more', (_name, fields) => {
  const error = Object.assign(new Error('write'), fields);
  expect([isFileStoreFull(error), isFileStoreAway(error)]).toEqual([true, true]);
});

test('a file that is not there says nothing about the file store', () => {
  const error = Object.assign(new Error('open'), { errno: -2, code: 'ENOENT' });
  expect([isFileStoreFull(error), isFileStoreAway(error)]).toEqual([false, false]);
});
