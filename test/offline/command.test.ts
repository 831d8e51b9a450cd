import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { classFile, fridge, put } from '../client/copies';
import { epack } from '../commands/epack';
import { newStick } from './stick';

test('epack solution export writes a file to the stick, which is not taken for a response', async () => {
  const stick = await newStick();
  const dir = path.join(stick, 'cuisine');
  mkdirSync(dir);
  put(dir, { 'xml/Fridges.xml': classFile('Fridges', fridge('12', 'Cave')) });
  const who = ['--mail', 'cuisine@example.org', '--mac', '00:1a:2b:3c:4d:5e', '--secret', 's', '--dir', dir];
  const exported = await epack(['solution', 'export', ...who, '--to', stick]);
  expect(exported).toMatchObject({ exitCode: 0, err: '' });
  const [name = ''] = readdirSync(stick).filter((file) => file.endsWith('.epack'));
  expect(name).toMatch(/^cuisine-\d{4}-\d\d-\d\d-\d{6}\.epack$/);
  const file = path.join(stick, name);
  expect(readFileSync(file, 'latin1')).toContain('"direction":"to-server"');
  const applied = await epack(['solution', 'apply', file, ...who]);
  expect(applied.exitCode).toBe(1);
  expect(applied.err).toContain('This file is an export.');
});
