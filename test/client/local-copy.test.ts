import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appendRows } from '../../client/local-copy/append-rows';
import { createDurableFiles } from '../../client/local-copy/durable-files';
import { openLocalCopy } from '../../client/local-copy/local-copy';
import { createTestFolder } from '../setup/folder';
import { contentsOf, copyWith, textIn } from './copies';

describe('a local copy', () => {
  test('remembers its state from one run to the next', async () => {
    const { path: dir } = createTestFolder();
    const first = await openLocalCopy(dir);
    const carriedOut = { sync: 's', carried: 1, drift: null, failed: [{ file: 'f', id: '1', reason: 'r' }] };
    await first.changeChannel('sondes', { carriedOut });
    await first.close();
    const second = await openLocalCopy(dir);
    expect(second.state().channels.sondes.carriedOut).toEqual(carriedOut);
    expect(second.state().channels.synchro.carriedOut).toBeNull();
  });

  test('changes of the state that come together are all kept', async () => {
    const copy = await copyWith();
    await Promise.all([
      copy.changeChannel('synchro', { download: { sync: 'a', etag: '"1"' } }),
      copy.changeChannel('photos', { download: { sync: 'b', etag: '"2"' } }),
      copy.changeState((state) => ({ ...state, token: { value: 't', renewAfter: '' } })),
    ]);
    const { channels, token } = copy.state();
    expect([channels.synchro.download?.sync, channels.photos.download?.sync, token?.value]).toEqual([
      'a',
      'b',
      't',
    ]);
  });

  test('is for one program at a time, and says which one has it', async () => {
    const copy = await copyWith();
    await expect(openLocalCopy(copy.dir)).rejects.toMatchObject({ code: 'in-use' });
    const { path: taken } = createTestFolder();
    mkdirSync(path.join(taken, '.epack'));
    writeFileSync(path.join(taken, '.epack/lock'), String(process.ppid));
    await expect(openLocalCopy(taken)).rejects.toThrow(String(process.ppid));
  });

  test('is taken over from a program that died', async () => {
    const { path: dir } = createTestFolder();
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    mkdirSync(path.join(dir, '.epack'));
    writeFileSync(path.join(dir, '.epack/lock'), String(dead));
    await (await openLocalCopy(dir)).close();
  });

  test('whose state another program wrote is refused, and not overwritten', async () => {
    const { path: dir } = createTestFolder();
    mkdirSync(path.join(dir, '.epack'));
    writeFileSync(path.join(dir, '.epack/state.json'), '{"version": 7}');
    await expect(openLocalCopy(dir)).rejects.toMatchObject({ code: 'bad-copy' });
    expect(textIn(dir, '.epack/state.json')).toBe('{"version": 7}');
  });

  test('work on it is done one after another, also after a failure', async () => {
    const copy = await copyWith();
    const done: string[] = [];
    const slow = copy.exclusively(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      done.push('slow');
      throw new Error('it fails');
    });
    const quick = copy.exclusively(() => Promise.resolve(done.push('quick')));
    await expect(slow).rejects.toThrow('it fails');
    await quick;
    expect(done).toEqual(['slow', 'quick']);
  });
});

describe('files', () => {
  test('keep their old content if the writing fails half-way', async () => {
    const { path: dir } = createTestFolder();
    const { write } = createDurableFiles(true);
    const file = path.join(dir, 'a.txt');
    await write(file, 'before');
    const failing = (async function* () {
      yield 'half';
      await Promise.resolve();
      throw new Error('no more');
    })();
    await expect(write(file, failing)).rejects.toThrow('no more');
    expect(textIn(dir, 'a.txt')).toBe('before');
  });
});

describe('new readings', () => {
  test('go on from the highest id, in the columns that the table has', async () => {
    const copy = await copyWith({ 'csv/Tboil.csv': 'Temp;Id;OilName\n170;8;Friteuse 1\n165;3;Friteuse 2\n' });
    const ids = await appendRows(
      copy,
      'Tboil',
      ['OilName', 'Temp'],
      [{ OilName: 'Friteuse; 3', Temp: '171' }, {}],
    );
    expect(ids).toEqual([9n, 10n]);
    expect(textIn(copy.dir, 'csv/Tboil.csv')).toBe(
      'Temp;Id;OilName\n170;8;Friteuse 1\n165;3;Friteuse 2\n171;9;"Friteuse; 3"\n;10;\n',
    );
  });

  test('do not become part of a row that a kill left half-written', async () => {
    const copy = await copyWith({ 'csv/Tboil.csv': 'Id,OilName\n1,Friteuse 1\n2,Frit' });
    await appendRows(copy, 'Tboil', ['OilName'], [{ OilName: 'Friteuse 3' }]);
    expect(contentsOf(copy.dir)['csv/Tboil.csv']).toBe('Id,OilName\n1,Friteuse 1\n2,Frit\n3,Friteuse 3\n');
  });
});
