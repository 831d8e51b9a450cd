import type { Command } from 'commander';
import { registerConformance } from '../../client/commands/conformance';
import { registerSolutionMessages } from '../../client/commands/solution-messages';
import { registerSolutionOffline } from '../../client/commands/solution-offline';
import { registerSolutionSimulate } from '../../client/commands/solution-simulate';
import { registerSolutionSync } from '../../client/commands/solution-sync';
import { counted, onServer } from './on-server';

interface SolutionOptions {
  readonly mail: string;
  readonly name: string;
  readonly account?: string;
  readonly timezone: string;
  readonly loginPolicy: string;
  readonly mac?: string;
}

/** `epack account`, `solution` and `conformance`. */
export function registerCustomers(program: Command): void {
  const account = program
    .command('account')
    .description('accounts: how long their data is kept, and their end');
  account
    .command('retention')
    .description('tell or set how long the data of an account is kept')
    .requiredOption('--account <name>', 'name of the customer')
    .option('--files <days>', 'uploads and packages; "default": EPACK_RETENTION_DAYS')
    .option('--readings <days>', 'rows of logs, by the time that they were measured; "ever": for ever')
    .action(async (options: { account: string; files?: string; readings?: string }) => {
      const { changeRetention, daysFrom } = await import('../administration.js');
      const change = { fileDays: daysFrom(options.files), readingDays: daysFrom(options.readings) };
      const kept = await onServer((settings) => changeRetention(settings, options.account, change));
      console.log(`files ${kept.fileDays ?? 'default'}\nreadings ${kept.readingDays ?? 'ever'}`);
    });
  account
    .command('purge')
    .description('remove an account for good, with its solutions and all that they sent')
    .requiredOption('--account <name>', 'name of the customer')
    .option('--confirm <name>', 'the name once more; without it nothing is removed')
    .action(async (options: { account: string; confirm?: string }) => {
      const { purge } = await import('../account-commands.js');
      const { solutions, purged } = await onServer((settings) => purge(settings, options));
      if (purged === null) {
        console.log(
          `Nothing was removed. To remove ${counted(solutions, 'solution')} for good: --confirm "${options.account}"`,
        );
        process.exitCode = 1;
        return;
      }
      console.log(
        `removed ${counted(purged.solutions, 'solution')}, ${counted(purged.syncs, 'sync')}, ${counted(purged.rows, 'other row')}`,
      );
    });

  const solution = program.command('solution').description('solutions: enrol one, or be one');
  solution
    .command('add')
    .description('enrol a solution; its secret is printed once')
    .requiredOption('--mail <mail>', 'what the solution signs in with; an address, though no mail goes there')
    .requiredOption('--name <name>', 'what staff call it, e.g. the kitchen')
    .option(
      '--account <account>',
      'name of the customer; one that is not there yet is made (default: "Default")',
    )
    .option('--timezone <zone>', 'IANA name of the zone that its clock shows', 'Europe/Paris')
    .option('--login-policy <policy>', 'secret, or mac for an older solution that sends no secret', 'secret')
    .option('--mac <mac>', 'ignore: it may come with any MAC (default: the first login binds it)')
    .action(async (options: SolutionOptions) => {
      const { addSolution } = await import('../administration.js');
      const added = await onServer((settings) => addSolution(settings, options));
      if (added.madeAccount !== null) console.log(`account "${added.madeAccount}" made`);
      console.log(`id ${added.id}\nmail ${added.mail}\nsecret ${added.secret}`);
    });
  solution
    .command('purge')
    .description('remove a solution that staff have retired for good, with all that it sent')
    .requiredOption('--solution <name>', 'its name or its mail')
    .option('--confirm <name>', 'the same once more; without it nothing is removed')
    .action(async (options: { solution: string; confirm?: string }) => {
      const { purgeRetired } = await import('../solution-commands.js');
      const { solution: retired, purged } = await onServer((settings) => purgeRetired(settings, options));
      if (purged === null) {
        console.log(
          `Nothing was removed. To remove ${retired.name} (${retired.mail}) of ${retired.account} for good: --confirm "${options.solution}"`,
        );
        process.exitCode = 1;
        return;
      }
      console.log(`removed ${counted(purged.syncs, 'sync')}, ${counted(purged.rows, 'other row')}`);
    });
  registerSolutionSync(solution);
  registerSolutionMessages(solution);
  registerSolutionSimulate(solution);
  registerSolutionOffline(solution);
  registerConformance(program);
}
