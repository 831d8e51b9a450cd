import { openLocalCopy } from '../../client/local-copy/local-copy';
import { createSolution } from '../../client/solution';
import { channels } from '../../shared/domain/channel';

// A solution's program in a process of its own, to be killed. It writes a line for each thing that happens.

const [url = '', mail = '', secret = '', dir = ''] = process.argv.slice(2);

async function run(): Promise<void> {
  const copy = await openLocalCopy(dir);
  const solution = createSolution({
    ...{ url, copy, credentials: { mail, secret, mac: '00:1a:2b:3c:4d:5e' } },
    resumableAboveBytes: 10_000,
    onEvent: ({ kind }) => process.stdout.write(`${kind}\n`),
  });
  for (const channel of channels) await solution.sync(channel);
  solution.close();
  await copy.close();
}

void run();
