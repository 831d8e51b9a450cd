import type { Command } from 'commander';
import { onServer } from './on-server';

/** `epack start`, `demo`, `api`, `worker`. `script` is the file that runs them again, as processes of their own. */
export function registerProcesses(program: Command, script: string): void {
  program
    .command('start')
    .description('run everything here: database (embedded, unless DATABASE_URL is set), API and worker')
    .action(async () => {
      const { runServer } = await import('../start-server.js');
      await onServer((settings) => runServer(settings, process.env, script, console.log));
    });

  program
    .command('demo')
    .description('run everything here, and watch a kitchen synchronise on all four channels')
    .option('--once', 'stop the server when the demonstration is over')
    .action(async (options: { once?: boolean }) => {
      const { demonstrate } = await import('../demonstration.js');
      const { runDemo } = await import('../../client/demo.js');
      const isOnce = options.once === true;
      await onServer(() => demonstrate({ environment: process.env, script: script, isOnce, runDemo }));
    });

  program
    .command('api')
    .description('run the front API and the backoffice')
    .action(async () => {
      const { runApi } = await import('../../api/main.js');
      await onServer(runApi);
    });

  program
    .command('worker')
    .description('run a worker, which processes uploads')
    .action(async () => {
      const { runWorker } = await import('../../worker/main.js');
      await onServer(runWorker);
    });
}
