import { type Command, Option } from 'commander';
import { channels } from '../../shared/domain/channel';
import { addChannel, numberFrom, urlFrom } from './option-values';
import type { ApplyCommandOptions, ExportCommandOptions, ImportCommandOptions } from './run-offline';

/** Adds `export`, `import` and `apply` to the command `epack solution`. */
export function registerSolutionOffline(solution: Command): void {
  identified(
    solution.command('export').description('be a solution without a network: export the upload to a stick'),
  )
    .requiredOption('--to <path>', 'a file, or a folder to make one in')
    .option('--channel <channel...>', `which channels: ${channels.join(', ')} (default: all)`, addChannel)
    .action(async (options: ExportCommandOptions) => {
      const { runExport } = await import('./run-offline.js');
      process.exitCode = await runExport(options);
    });
  identified(
    solution
      .command('apply')
      .description('be a solution without a network: apply the response of the server')
      .argument('<file>', 'the response on the stick'),
  ).action(async (file: string, options: ApplyCommandOptions) => {
    const { runApply } = await import('./run-offline.js');
    process.exitCode = await runApply(file, options);
  });
  solution
    .command('import')
    .description('as staff: have a server take in the file of a solution without a network')
    .argument('<file>', 'the file on the stick')
    .addOption(
      new Option('--url <url>', 'the server').env('EPACK_URL').argParser(urlFrom).makeOptionMandatory(),
    )
    .addOption(
      new Option('--email <email>', 'of a user who may edit the solution')
        .env('EPACK_ADMIN_EMAIL')
        .makeOptionMandatory(),
    )
    .addOption(
      new Option('--password <password>', 'better set in the environment')
        .env('EPACK_ADMIN_PASSWORD')
        .makeOptionMandatory(),
    )
    .option('--response-to <file>', 'where the response is written (default: beside the file)')
    .option('--max-wait <seconds>', 'how long to wait for the server to process the upload', numberFrom, 3600)
    .action(async (file: string, options: ImportCommandOptions) => {
      const { runImport } = await import('./run-offline.js');
      process.exitCode = await runImport(file, options);
    });
}

/** Who the solution is, and where its data are. */
const identified = (command: Command): Command =>
  command
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
    .requiredOption('--dir <dir>', 'folder of the local copy (xml/, csv/, photos/)');
