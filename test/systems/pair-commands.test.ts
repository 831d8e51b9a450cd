import { epack } from '../commands/epack';
import { type FakePair, openFakePair } from './fake-pair';

// `epack pairs …` by the built program, on a pair of the two fakes.

let pair: FakePair;
afterEach(() => pair.end());

const command = (...words: string[]) => epack(['pairs', ...words], { DATABASE_URL: pair.database.url });

test('take-back restores on both sides what a run wrote, and says where the remaining items are shown', async () => {
  pair = await openFakePair();
  const { id } = pair.espo.add('CBeteiligte', { lastName: 'Meier', firstName: 'Zoë' });
  await pair.run('whole');
  pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
  await pair.run();
  expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe' }]);
  const [run] = await pair.rows<{ id: string }>('select id from pair_run order by id desc limit 1');

  const { exitCode, out, err } = await command('take-back', 'beteiligte', run?.id ?? '');
  const [taking] = await pair.rows<{ id: string; takes_back: string }>(
    `select id, takes_back from pair_run where kind = 'take-back'`,
  );
  expect(taking).toMatchObject({ takes_back: run?.id });
  const by = taking?.id ?? '';
  expect([exitCode, err, out]).toEqual([
    0,
    '',
    `run ${by} takes back run ${run?.id ?? ''}; see what it leaves: GET /api/pairs/beteiligte/runs/${by}\n`,
  ]);
  await pair.settle();
  expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoë' }]);
});

test('take-back reports an unknown run, and a run that is no number', async () => {
  pair = await openFakePair();
  const missing = await command('take-back', 'beteiligte', '4711');
  expect([missing.exitCode, missing.out]).toEqual([1, '']);
  expect(missing.err).not.toMatch(/\n +at /);
  const wrong = await command('take-back', 'beteiligte', 'last');
  expect([wrong.exitCode, wrong.out + wrong.err]).toEqual([1, 'There is no such run.\n']);
  expect(await pair.rows(`select id from pair_run where kind = 'take-back'`)).toEqual([]);
});
