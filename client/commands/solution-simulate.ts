import { type Command, Option } from 'commander';
import { numberFrom, shareFrom, urlFrom, wholeFrom } from './option-values';
import type { SimulateCommandOptions } from './run-simulate';

/** Adds `simulate` to the command `epack solution`. */
export function registerSolutionSimulate(solution: Command): void {
  solution
    .command('simulate')
    .description('be many solutions at once: kitchens with realistic readings, bad networks and wrong clocks')
    .addOption(
      new Option('--url <url>', 'the server').env('EPACK_URL').argParser(urlFrom).makeOptionMandatory(),
    )
    .addOption(
      new Option('--admin-email <email>', 'staff who may enrol solutions')
        .env('EPACK_ADMIN_EMAIL')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--admin-password <password>', 'better set in the environment')
        .env('EPACK_ADMIN_PASSWORD')
        .makeOptionMandatory(),
    )
    .option('-n, --solutions <count>', 'how many solutions', wholeFrom, 20)
    .option('--rounds <count>', 'how often each synchronises its four channels', wholeFrom, 3)
    .option('--duration <seconds>', 'go on for so long instead', numberFrom)
    .option('--minutes <minutes>', 'how much time passes in the kitchens between two rounds', numberFrom, 60)
    .option('--concurrency <count>', 'how many synchronise at the same moment', wholeFrom, 50)
    .option('--probes <count>', 'probes per kitchen, up to 20', wholeFrom, 20)
    .option('--bad-network <share>', 'share of the requests that the network spoils, e.g. 0.2', shareFrom, 0)
    .option('--wrong-clocks', 'clocks of the devices that are minutes, days or a year off', false)
    .option(
      '--manager-edits <share>',
      'chance per round and solution that staff change a setting',
      shareFrom,
      0.1,
    )
    .option('--compare <count>', 'solutions compared row by row and field by field at the end', wholeFrom, 5)
    .option('--seed <text>', 'the same seed gives the same kitchens', 'epack')
    .option('--dir <dir>', 'folder of the local copies (default: a temporary one, removed at the end)')
    .addHelpText('after', help)
    .action(async (options: SimulateCommandOptions) => {
      // The code is loaded only when the command runs, because the server's own commands do not need it.
      const { runSimulate } = await import('./run-simulate.js');
      process.exitCode = await runSimulate(options);
    });
}

const help = `
Every solution is enrolled anew. At the end the network is good for all of them: each synchronises once more, and what
it holds is compared with what the server holds.

Exit codes:
  0  the server holds exactly what the solutions hold, and every status is 0
  1  it does not, or the simulation could not be run

Example:
  epack solution simulate -n 200 --url http://localhost:8080 --bad-network 0.2 --wrong-clocks`;
