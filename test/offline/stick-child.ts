import { openLocalCopy, type LocalCopy } from '../../client/local-copy/local-copy';
import { applyFromStick } from '../../client/offline/apply-from-stick';
import { exportToStick } from '../../client/offline/export-to-stick';

// The program at the stick in a process of its own, to be killed. It writes a line before each change on its disk.

const [what = '', mail = '', secret = '', dir = '', file = ''] = process.argv.slice(2);

const say = () => void process.stdout.write('step\n');

/** Says before each change that it comes. */
function telling(copy: LocalCopy): LocalCopy {
  return {
    ...copy,
    files: {
      ...copy.files,
      write: async (...write) => (say(), pause().then(() => copy.files.write(...write))),
    },
    changeChannel: async (...change) => (say(), pause().then(() => copy.changeChannel(...change))),
  };
}

/** Long enough for the test to kill this process. */
const pause = () => new Promise((resolve) => setTimeout(resolve, 50));

async function run(): Promise<void> {
  const copy = telling(await openLocalCopy(dir));
  const credentials = { mail, secret, mac: '00:1a:2b:3c:4d:5e' };
  if (what === 'export')
    await exportToStick({ copy, credentials, channels: ['synchro'], to: file, now: new Date() });
  else await applyFromStick({ copy, credentials, file, now: new Date() });
  await copy.close();
}

void run();
