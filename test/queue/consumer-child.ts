import { openTestQueue } from './open-test-queue';

// A consumer in a process of its own, to be killed: it tells of each message that it was given, and finishes none.

const [url = '', prefix = ''] = process.argv.slice(2);

void openTestQueue({ url, prefix }).consume('small', 5, async ({ jobId }) => {
  process.stdout.write(`${jobId}\n`);
  return new Promise(() => undefined);
});
