import type { Command } from 'commander';

/** Adds `messages` to the command `epack solution`. */
export function registerSolutionMessages(solution: Command): void {
  solution
    .command('messages')
    .description('what the manager has told a solution, from its local copy')
    .requiredOption('--dir <dir>', 'folder of the local copy')
    .option('--read', 'they count as read: the next sync of `messagerie` tells the manager', false)
    .action(async ({ dir, read }: { readonly dir: string; readonly read: boolean }) => {
      // The code is loaded only when the command runs, because the server's own commands do not need it.
      const { showMessages } = await import('./show-messages.js');
      await showMessages(dir, read);
    });
}
