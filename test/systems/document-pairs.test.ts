import { type FolderPair, openFolderPair } from './folder-pair';

let pairs: FolderPair[] = [];
afterEach(async () => {
  for (const pair of pairs) await pair.end();
  pairs = [];
});

async function open(settings: object = {}): Promise<FolderPair> {
  const pair = await openFolderPair(settings);
  pairs.push(pair);
  return pair;
}

describe.each(['hash', 'revision'] as const)('two folders, compared by %s', (compare) => {
  const settings = { content: { compare } };

  test('what is new, changed, moved and deleted on either side is so on the other, and then all is quiet', async () => {
    const { here, there, run, trees, rest } = await open(settings);
    await here.write('A/plan.txt', 'one');
    await here.write('A/inner/empty.txt', '');
    await there.write('B/brief.txt', 'two');
    await there.makeFolder('leer');
    expect(await run()).toEqual({ created: 7 });
    const all = {
      'A/': '',
      'A/inner/': '',
      'A/inner/empty.txt': '',
      'A/plan.txt': 'one',
      'B/': '',
      'B/brief.txt': 'two',
      'leer/': '',
    };
    expect(await trees()).toEqual({ here: all, there: all });
    await rest();
    await here.write('B/brief.txt', 'two, changed here');
    await there.move('A', 'Akten');
    await there.remove('leer');
    expect(await run()).toMatchObject({ updated: 1, moved: 1, deleted: 1 });
    const then = {
      'Akten/': '',
      'Akten/inner/': '',
      'Akten/inner/empty.txt': '',
      'Akten/plan.txt': 'one',
      'B/': '',
      'B/brief.txt': 'two, changed here',
    };
    expect(await trees()).toEqual({ here: then, there: then });
    await rest();
  });
});
