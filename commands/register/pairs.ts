import type { Command } from 'commander';
import { onServer, tell } from './on-server';

/** `epack pairs`. */
export function registerPairs(program: Command): void {
  const pairs = program.command('pairs').description('pairs of other systems that are kept equal');
  pairs
    .command('check')
    .description('check a file of systems and pairs; every mistake is told at once, and nothing is written')
    .argument('<file>', 'a YAML file')
    .action(async (file: string) => {
      const { applyFile } = await import('../pair-commands.js');
      const told = await onServer((settings) => applyFile(settings, file, { isTrial: true }));
      if (told.isWell) console.log('The file is sound.');
      tell(told);
    });
  pairs
    .command('apply')
    .description('make the systems and pairs of a file as it says; what it does not name stays')
    .argument('<file>', 'a YAML file')
    .option('--plan', 'tell what would change, and write nothing')
    .action(async (file: string, options: { plan?: boolean }) => {
      const { applyFile } = await import('../pair-commands.js');
      tell(await onServer((settings) => applyFile(settings, file, { isTrial: options.plan === true })));
    });
  pairs
    .command('list')
    .description('list the pairs')
    .action(async () => {
      const { listPairs } = await import('../pair-commands.js');
      tell(await onServer(listPairs));
    });

  pairs
    .command('status')
    .description('how a pair stands')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.pairStatus(settings, name)));
    });
  pairs
    .command('run')
    .description('ask both sides now what has changed')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.runPair(settings, name, 'check')));
    });
  pairs
    .command('whole')
    .description('list both sides whole now')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.runPair(settings, name, 'whole')));
    });
  pairs
    .command('plan')
    .description('have a worker work out what a run would do, and show it')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.planPair(settings, name)));
    });
  pairs
    .command('pause')
    .description('do nothing about a pair until it is resumed')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.pausePair(settings, name, true)));
    });
  pairs
    .command('resume')
    .description('go on with a pair')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.pausePair(settings, name, false)));
    });
  pairs
    .command('jobs')
    .description('list what a pair has found')
    .argument('<name>', 'a pair')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.listJobs(settings, name)));
    });
  pairs
    .command('approve')
    .description('have exactly what a plan says be done; the pair runs from then on')
    .argument('<name>', 'a pair')
    .argument('<plan>', 'the number of the plan')
    .action(async (name: string, plan: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.approvePlan(settings, name, plan)));
    });
  pairs
    .command('take-back')
    .description('take back what a run wrote; what was changed since stays as it is')
    .argument('<name>', 'a pair')
    .argument('<run>', 'the number of the run')
    .action(async (name: string, run: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.takeBackRun(settings, name, run)));
    });
  pairs
    .command('links')
    .description('list what both systems of a pair hold')
    .argument('<name>', 'a pair')
    .option('--search <text>', 'in the keys and in what was last seen')
    .action(async (name: string, options: { search?: string }) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.listLinks(settings, name, options.search ?? null)));
    });
}
