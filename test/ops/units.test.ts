import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTestFolder } from '../setup/folder';
import { describeWithPrograms } from '../setup/programs';

// The units for systemd as they are given away. `systemd-analyze` is in Debian's package systemd.

describeWithPrograms(['systemd-analyze'], 'units', () => {
  test('systemd finds nothing wrong with the unit of sosync', async () => {
    const folder = createTestFolder();
    try {
      // Here the program is not installed, and there is no such user.
      const unit = readFileSync(path.resolve(__dirname, '../../docs/operations/sosync@.service'), 'utf8');
      const here = unit
        .replace('/usr/local/bin/epack', process.execPath)
        .replace(/^(User|Group)=epack\n/gm, '');
      const file = path.join(folder.path, 'sosync@dadi.service');
      /** The messages about the unit, without those about the machine. */
      const saidOf = async (text: string): Promise<string[]> => {
        writeFileSync(file, text);
        const { stdout, stderr } = await promisify(execFile)('systemd-analyze', ['verify', '--man=no', file]);
        return `${stdout}\n${stderr}`.split('\n').filter((line) => line.includes('sosync@'));
      };
      expect(await saidOf(here)).toEqual([]);
      expect(await saidOf(here.replace('Restart=always', 'Restart=perhaps'))).not.toEqual([]);
    } finally {
      folder.remove();
    }
  });
});
