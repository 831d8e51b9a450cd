import { type Command, Option } from 'commander';
import { channels } from '../../shared/domain/channel';
import { addChannel, numberFrom, urlFrom } from './option-values';
import type { SyncCommandOptions } from './run-sync';

/** Adds `sync` to the command `epack solution`. */
export function registerSolutionSync(solution: Command): void {
  solution
    .command('sync')
    .description('be a solution: synchronise a local copy (a folder) with a server')
    .addOption(
      new Option('--url <url>', 'the server').env('EPACK_URL').argParser(urlFrom).makeOptionMandatory(),
    )
    .addOption(
      new Option('--mail <mail>', "the solution's mail").env('EPACK_SOLUTION_MAIL').makeOptionMandatory(),
    )
    .addOption(
      new Option('--mac <mac>', "the device's MAC address").env('EPACK_SOLUTION_MAC').makeOptionMandatory(),
    )
    .addOption(
      new Option('--secret <secret>', 'better set in the environment, where no list of processes shows it')
        .env('EPACK_SOLUTION_SECRET')
        .makeOptionMandatory(),
    )
    .requiredOption('--dir <dir>', 'folder of the local copy (xml/, csv/, photos/); made where there is none')
    .option('--channel <channel...>', `which channels: ${channels.join(', ')} (default: all)`, addChannel)
    .option('--clock-skew <seconds>', 'how far ahead the clock of the device is to be', numberFrom, 0)
    .option('--max-wait <seconds>', 'how long to wait for the server to process one upload', numberFrom, 3600)
    .addHelpText('after', help)
    .action(async (options: SyncCommandOptions) => {
      // The code is loaded only when the command runs, because the server's own commands do not need it.
      const { runSync } = await import('./run-sync.js');
      process.exitCode = await runSync(options);
    });
}

const help = `
A run that is cut off, by the network or by a kill, goes on where it was when the command is run again.

Exit codes:
  0  everything is synchronised
  1  a channel could not be synchronised
  2  synchronised, but the server refused some of it or an instruction could not be carried out

Example:
  EPACK_SOLUTION_SECRET=… epack solution sync --url https://epack.example.org \\
    --mail cuisine@example.org --mac 00:1a:2b:3c:4d:5e --dir ./cuisine`;
