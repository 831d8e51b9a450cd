import { createLogger } from '../../shared/log';
import { runUntilStopped } from '../../shared/process/lifecycle';

// A process that stops in order, but for a timer that something in it has forgotten.

setInterval(() => undefined, 1_000);
void runUntilStopped({
  log: createLogger({ level: 'info', name: 'child' }),
  ready: {},
  stop: () => Promise.resolve(),
  patienceMilliseconds: 300,
});
process.stdout.write('ready\n');
