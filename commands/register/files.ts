import { type Command, Option } from 'commander';
import type { FileStoreKind } from '../../shared/files/open-file-store';
import { onServer } from './on-server';

/** `epack files`. */
export function registerFiles(program: Command): void {
  program
    .command('files')
    .description('the files of the server: uploads, packages and photos')
    .command('move')
    .description('copy every file into the other store; may be interrupted and repeated')
    .addOption(
      new Option('--to <store>', 'where to: the object store, or the data folder')
        .choices(['s3', 'disk'])
        .makeOptionMandatory(),
    )
    .option('--verify', 'also compare the content of files that are there already')
    .option('--remove-others', 'remove what the other store has and this one does not')
    .action(async (wish: { to: FileStoreKind; verify?: boolean; removeOthers?: boolean }) => {
      const { moveSummary, moveTo } = await import('../file-commands.js');
      const moved = await onServer((settings) => moveTo(settings, wish));
      for (const line of moveSummary(moved, wish)) console.log(line);
    });
}
