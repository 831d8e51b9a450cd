import type { Command } from 'commander';
import { configurationMarkdown, readConfig } from '../../shared/config/config';
import { secretFileLines } from '../../shared/config/secret-files';
import { onServer } from './on-server';

/** `epack plan`, `migrate`, `backup`, `restore`, `config`. */
export function registerInstallation(program: Command): void {
  program
    .command('plan')
    .description('print what processing an upload would do to the parameters; nothing is written')
    .argument('<sync>', 'the UUID of a synchronisation whose upload is kept')
    .action(async (sync: string) => {
      const { planSync } = await import('../../worker/main.js');
      const lines = await onServer((settings) => planSync(settings, sync));
      if (lines.length === 0) console.log('nothing would change');
      for (const { className, id, verdict, operations, disputed, reason } of lines) {
        const done = operations.map(({ side, op }) => `${side === 'here' ? 'manager' : 'solution'}: ${op}`);
        const dispute = disputed === null ? [] : [`both changed ${disputed.join(', ') || 'it'}`];
        console.log(
          [className, id, verdict, ...done, ...dispute, ...(reason === null ? [] : [reason])].join('  '),
        );
      }
    });

  program
    .command('migrate')
    .description('bring the database up to date')
    .action(async () => {
      const { migrateDatabase } = await import('../administration.js');
      const ran = await onServer(migrateDatabase);
      console.log(
        ran.length === 0 ? 'The database is up to date.' : ran.map((name) => `ran ${name}`).join('\n'),
      );
    });

  program
    .command('backup')
    .description('back up the database and the files, while the server runs')
    .requiredOption('--to <path>', 'a new file, a folder to make one in, or - for standard output')
    .option(
      '--recipient <key>',
      'encrypt it with age for this public key (age1…); may be given several times',
      (key: string, before: string[]) => [...before, key],
      [],
    )
    .action(async ({ to, recipient }: { to: string; recipient: string[] }) => {
      const { backupSummary, writeBackup } = await import('../backup-commands.js');
      const { file, manifest } = await onServer((settings) => writeBackup(settings, to, recipient));
      console.error(`${file === '-' ? 'backed up' : file}: ${backupSummary(manifest)}`);
    });

  program
    .command('restore')
    .description('put a backup into an empty database and an empty data folder')
    .requiredOption('--from <file>', 'a backup, or - for standard input')
    .option('--identity <file>', 'a file with the secret key of age, for an encrypted backup')
    .action(async ({ from, identity }: { from: string; identity?: string }) => {
      const { backupSummary, restoreBackup } = await import('../backup-commands.js');
      const { header, manifest, migrated } = await onServer((settings) =>
        restoreBackup(settings, from, identity ?? null),
      );
      console.log(`restored the state of ${header.createdAt}: ${backupSummary(manifest)}`);
      for (const name of migrated) console.log(`ran ${name}`);
    });

  program
    .command('config')
    .description('check the configuration')
    .option('--markdown', 'print the page docs/configuration.md instead')
    .action(async (options: { markdown?: boolean }) => {
      if (options.markdown === true) {
        process.stdout.write(configurationMarkdown());
        return;
      }
      const settings = readConfig(process.env);
      if (settings.secretsKeys.length === 0)
        console.error('Secrets in the database are not sealed: set EPACK_SECRETS_KEY, see docs/sign-in.md.');
      for (const line of secretFileLines(process.env)) console.log(line);
      const { warningsOf } = await import('../administration.js');
      const { findWrongKeys } = await import('../secrets-commands.js');
      const keys = await findWrongKeys(settings);
      for (const warning of [...keys.warnings, ...(await warningsOf(settings))]) console.error(warning);
      for (const mistake of keys.mistakes) console.error(mistake);
      if (keys.mistakes.length > 0) process.exitCode = 1;
      else console.log('The configuration is sound.');
    });
}
