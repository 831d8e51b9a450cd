import type { Command } from 'commander';
import { firstLineOfInput, isAgreed, onServer, tell } from './on-server';

/** `epack systems`. */
export function registerSystems(program: Command): void {
  const systems = program.command('systems').description('the systems that pairs are made of');
  systems
    .command('list')
    .description('list the systems, and how each stands')
    .action(async () => {
      const { listSystems } = await import('../pair-commands.js');
      tell(await onServer(listSystems));
    });

  systems
    .command('probe')
    .description('have a worker find out what a system really does')
    .argument('<name>', 'a system')
    .action(async (name: string) => {
      const commands = await import('../pair-commands.js');
      tell(await onServer((settings) => commands.probeSystem(settings, name)));
    });
  systems
    .command('prepare')
    .description(
      'make at an EspoCRM what the pairs that name it need there: fields, a key that no two records share, and webhooks',
    )
    .argument('<name>', 'a system')
    .option('--user <user>', 'an administrator of it', 'admin')
    .option(
      '--password-stdin',
      'read the password from standard input, its first line, not from ESPOCRM_PASSWORD',
    )
    .option('--yes', 'make it without asking; without it, and without a terminal, it is only shown')
    .action(async (name: string, options: { user: string; passwordStdin?: boolean; yes?: boolean }) => {
      const { prepareSystem } = await import('../prepare-system.js');
      const password =
        options.passwordStdin === true ? await firstLineOfInput() : (process.env['ESPOCRM_PASSWORD'] ?? '');
      if (password === '')
        systems.error(
          `The password of ${options.user} is missing: set ESPOCRM_PASSWORD, or use --password-stdin.`,
        );
      const consent = async (sentences: readonly string[]) => {
        for (const sentence of sentences) console.log(sentence);
        return options.yes === true || (await isAgreed('Make this?'));
      };
      const administrator = { user: options.user, password };
      const wish = { system: name, administrator, consent, environment: process.env };
      tell(await onServer((settings) => prepareSystem(settings, wish)));
    });
}
