import type { Command } from 'commander';
import { counted, firstLineOfInput, onServer } from './on-server';

/** `epack user`, `key`, `secrets`, `audit`. */
export function registerSecurity(program: Command): void {
  const user = program.command('user').description('staff');
  user
    .command('add')
    .description('add someone; a password is made, and printed this once, unless one is given')
    .requiredOption('--email <email>', 'what they sign in with')
    .option('--role <role>', 'admin (everything), manager (edits) or viewer (reads)', 'admin')
    .option(
      '--account <name>',
      'an account that a manager or viewer may see; may be given several times',
      (name: string, before: string[]) => [...before, name],
      [],
    )
    .option('--password-stdin', 'read the password from standard input: its first line')
    .action(async (options: { email: string; role: string; account: string[]; passwordStdin?: boolean }) => {
      const { addUser } = await import('../administration.js');
      const password = options.passwordStdin === true ? await firstLineOfInput() : null;
      const { email, role } = options;
      const added = await onServer((settings) =>
        addUser(settings, { email, role, accounts: options.account, password }),
      );
      const told = added.drawnPassword === null ? '' : `, password ${added.drawnPassword}`;
      console.log(`added ${added.email}${told}`);
      if (added.role !== 'admin' && options.account.length === 0)
        console.error(`${added.email} sees no account yet: give some in the console, under Users.`);
    });

  user
    .command('second-factor')
    .description('remove the second factor of someone who has lost it')
    .requiredOption('--email <email>', 'what they sign in with')
    .requiredOption('--remove', 'it is not asked for until they set one up anew')
    .action(async ({ email }: { email: string }) => {
      const { removeSecondFactor } = await import('../administration.js');
      await onServer((settings) => removeSecondFactor(settings, email));
      console.log(`${email} signs in with the password alone until a second factor is set up anew.`);
    });

  const key = program.command('key').description('the key that signs the tokens of solutions');
  key
    .command('rotate')
    .description('make a new key; tokens of the old one stay valid until they expire')
    .option('--leaked', 'refuse the tokens of the old key from now on: every solution signs in anew')
    .action(async (options: { leaked?: boolean }) => {
      const { rotateTokenKey } = await import('../administration.js');
      await onServer((settings) => rotateTokenKey(settings, { isLeaked: options.leaked === true }));
      console.log(
        options.leaked === true
          ? 'A new key signs, and no API process believes a token of the old one any more.'
          : 'A new key signs, on every API process.',
      );
    });

  const secrets = program.command('secrets').description('the secrets that are kept in the database');
  secrets
    .command('seal')
    .description('seal all of them with EPACK_SECRETS_KEY, those too that another accepted key sealed')
    .action(async () => {
      const { resealSecrets } = await import('../secrets-commands.js');
      const { changed, all } = await onServer((settings) => resealSecrets(settings, 'sealed'));
      console.log(
        `sealed ${changed} of ${counted(all, 'secret')}; the others were sealed with this key already`,
      );
    });
  secrets
    .command('open')
    .description('keep them as they are again, e.g. before an earlier version runs')
    .action(async () => {
      const { resealSecrets } = await import('../secrets-commands.js');
      const { changed, all } = await onServer((settings) => resealSecrets(settings, 'plain'));
      console.log(`opened ${changed} of ${counted(all, 'secret')}`);
    });

  const audit = program.command('audit').description('the audit trail: who did what, when, from where');
  audit
    .command('verify')
    .description('check that no row of the audit trail was altered or removed; names the first that was')
    .option('--expect <place>', 'a place of the chain that was noted before, <position>:<hash>')
    .action(async ({ expect }: { expect?: string }) => {
      const { auditLines, verifyAuditTrail } = await import('../audit-commands.js');
      const verdict = await onServer((settings) => verifyAuditTrail(settings, expect ?? null));
      for (const line of auditLines(verdict)) console.log(line);
      if (verdict.fault !== null) process.exitCode = 1;
    });
  audit
    .command('purge')
    .description('remove what is older than a day from the audit trail; an anchor and an entry tell of it')
    .requiredOption('--before <date>', 'the first day that is kept, e.g. 2025-01-01')
    .action(async ({ before }: { before: string }) => {
      const { dayFrom, purgeAuditTrail } = await import('../audit-commands.js');
      const { removed } = await onServer((settings) => purgeAuditTrail(settings, dayFrom(before)));
      console.log(`removed ${counted(removed, 'row')}`);
    });
}
