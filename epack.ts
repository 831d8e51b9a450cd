#!/usr/bin/env node
import { Command } from 'commander';
import { registerSolutionMessages } from './client/commands/solution-messages';
import { registerSolutionSimulate } from './client/commands/solution-simulate';
import { registerSolutionSync } from './client/commands/solution-sync';
import { type SosyncSettingName, sosyncSettingNames } from './commands/sosync/setting-names';
import { type Config, configurationMarkdown, readConfig } from './shared/config/config';
import { secretFileLines } from './shared/config/secret-files';
import { packageVersion } from './shared/process/package-version';
import { exitCodeFor, operatorMessage, withDatabaseNamed } from './shared/process/operator-errors';

// The one command. What a server's subcommand needs is loaded when it runs.

const program = new Command('epack')
  .description('ePack sync server: where the solutions of professional kitchens synchronise.')
  .version(packageVersion(), '--version', 'print the version')
  .showHelpAfterError('(see --help)');

program
  .command('start')
  .description('run everything here: database (embedded, unless DATABASE_URL is set), API and worker')
  .action(async () => {
    const { runServer } = await import('./commands/start-server.js');
    await onServer((settings) => runServer(settings, process.env, __filename, console.log));
  });

program
  .command('demo')
  .description('run everything here, and watch a kitchen synchronise on all four channels')
  .option('--once', 'stop the server when the demonstration is over')
  .action(async (options: { once?: boolean }) => {
    const { demonstrate } = await import('./commands/demonstration.js');
    const { runDemo } = await import('./client/demo.js');
    const isOnce = options.once === true;
    await onServer(() => demonstrate({ environment: process.env, script: __filename, isOnce, runDemo }));
  });

program
  .command('api')
  .description('run the front API and the backoffice')
  .action(async () => {
    const { runApi } = await import('./api/main.js');
    await onServer(runApi);
  });

program
  .command('worker')
  .description('run a worker, which processes uploads')
  .action(async () => {
    const { runWorker } = await import('./worker/main.js');
    await onServer(runWorker);
  });

program
  .command('plan')
  .description('print what processing an upload would do to the parameters; nothing is written')
  .argument('<sync>', 'the UUID of a synchronisation whose upload is kept')
  .action(async (sync: string) => {
    const { planSync } = await import('./worker/main.js');
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
    const { migrateDatabase } = await import('./commands/administration.js');
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
    const { backupSummary, writeBackup } = await import('./commands/backup-commands.js');
    const { file, manifest } = await onServer((settings) => writeBackup(settings, to, recipient));
    console.error(`${file === '-' ? 'backed up' : file}: ${backupSummary(manifest)}`);
  });

program
  .command('restore')
  .description('put a backup into an empty database and an empty data folder')
  .requiredOption('--from <file>', 'a backup, or - for standard input')
  .option('--identity <file>', 'a file with the secret key of age, for an encrypted backup')
  .action(async ({ from, identity }: { from: string; identity?: string }) => {
    const { backupSummary, restoreBackup } = await import('./commands/backup-commands.js');
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
    const settings = config();
    if (settings.secretsKeys.length === 0)
      console.error('Secrets in the database are not sealed: set EPACK_SECRETS_KEY, see docs/sign-in.md.');
    for (const line of secretFileLines(process.env)) console.log(line);
    const { warningsOf } = await import('./commands/administration.js');
    const { findWrongKeys } = await import('./commands/secrets-commands.js');
    const keys = await findWrongKeys(settings);
    for (const warning of [...keys.warnings, ...(await warningsOf(settings))]) console.error(warning);
    for (const mistake of keys.mistakes) console.error(mistake);
    if (keys.mistakes.length > 0) process.exitCode = 1;
    else console.log('The configuration is sound.');
  });

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
    const { addUser } = await import('./commands/administration.js');
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
    const { removeSecondFactor } = await import('./commands/administration.js');
    await onServer((settings) => removeSecondFactor(settings, email));
    console.log(`${email} signs in with the password alone until a second factor is set up anew.`);
  });

const key = program.command('key').description('the key that signs the tokens of solutions');
key
  .command('rotate')
  .description('make a new key; tokens of the old one stay valid until they expire')
  .option('--leaked', 'refuse the tokens of the old key from now on: every solution signs in anew')
  .action(async (options: { leaked?: boolean }) => {
    const { rotateTokenKey } = await import('./commands/administration.js');
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
    const { resealSecrets } = await import('./commands/secrets-commands.js');
    const { changed, all } = await onServer((settings) => resealSecrets(settings, 'sealed'));
    console.log(
      `sealed ${changed} of ${counted(all, 'secret')}; the others were sealed with this key already`,
    );
  });
secrets
  .command('open')
  .description('keep them as they are again, e.g. before an earlier version runs')
  .action(async () => {
    const { resealSecrets } = await import('./commands/secrets-commands.js');
    const { changed, all } = await onServer((settings) => resealSecrets(settings, 'plain'));
    console.log(`opened ${changed} of ${counted(all, 'secret')}`);
  });

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
    const { changeRetention, daysFrom } = await import('./commands/administration.js');
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
    const { purge } = await import('./commands/account-commands.js');
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

const audit = program.command('audit').description('the audit trail: who did what, when, from where');
audit
  .command('verify')
  .description('check that no row of the audit trail was altered or removed; names the first that was')
  .option('--expect <place>', 'a place of the chain that was noted before, <position>:<hash>')
  .action(async ({ expect }: { expect?: string }) => {
    const { auditLines, verifyAuditTrail } = await import('./commands/audit-commands.js');
    const verdict = await onServer((settings) => verifyAuditTrail(settings, expect ?? null));
    for (const line of auditLines(verdict)) console.log(line);
    if (verdict.fault !== null) process.exitCode = 1;
  });
audit
  .command('purge')
  .description('remove what is older than a day from the audit trail; an anchor and an entry tell of it')
  .requiredOption('--before <date>', 'the first day that is kept, e.g. 2025-01-01')
  .action(async ({ before }: { before: string }) => {
    const { dayFrom, purgeAuditTrail } = await import('./commands/audit-commands.js');
    const { removed } = await onServer((settings) => purgeAuditTrail(settings, dayFrom(before)));
    console.log(`removed ${counted(removed, 'row')}`);
  });

type SosyncOptions = { readonly conf?: string } & Readonly<Partial<Record<SosyncSettingName, string>>>;

interface SolutionOptions {
  readonly mail: string;
  readonly name: string;
  readonly account?: string;
  readonly timezone: string;
  readonly loginPolicy: string;
  readonly mac?: string;
}

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
    const { addSolution } = await import('./commands/administration.js');
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
    const { purgeRetired } = await import('./commands/solution-commands.js');
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

const pairs = program.command('pairs').description('pairs of other systems that are kept equal');
pairs
  .command('check')
  .description('check a file of systems and pairs; every mistake is told at once, and nothing is written')
  .argument('<file>', 'a YAML file')
  .action(async (file: string) => {
    const { applyFile } = await import('./commands/pair-commands.js');
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
    const { applyFile } = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => applyFile(settings, file, { isTrial: options.plan === true })));
  });
pairs
  .command('list')
  .description('list the pairs')
  .action(async () => {
    const { listPairs } = await import('./commands/pair-commands.js');
    tell(await onServer(listPairs));
  });

pairs
  .command('status')
  .description('how a pair stands')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.pairStatus(settings, name)));
  });
pairs
  .command('run')
  .description('ask both sides now what has changed')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.runPair(settings, name, 'check')));
  });
pairs
  .command('whole')
  .description('list both sides whole now')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.runPair(settings, name, 'whole')));
  });
pairs
  .command('plan')
  .description('have a worker work out what a run would do, and show it')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.planPair(settings, name)));
  });
pairs
  .command('pause')
  .description('do nothing about a pair until it is resumed')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.pausePair(settings, name, true)));
  });
pairs
  .command('resume')
  .description('go on with a pair')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.pausePair(settings, name, false)));
  });
pairs
  .command('jobs')
  .description('list what a pair has found')
  .argument('<name>', 'a pair')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.listJobs(settings, name)));
  });
pairs
  .command('approve')
  .description('have exactly what a plan says be done; the pair runs from then on')
  .argument('<name>', 'a pair')
  .argument('<plan>', 'the number of the plan')
  .action(async (name: string, plan: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.approvePlan(settings, name, plan)));
  });
pairs
  .command('take-back')
  .description('take back what a run wrote; what was changed since stays as it is')
  .argument('<name>', 'a pair')
  .argument('<run>', 'the number of the run')
  .action(async (name: string, run: string) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.takeBackRun(settings, name, run)));
  });
pairs
  .command('links')
  .description('list what both systems of a pair hold')
  .argument('<name>', 'a pair')
  .option('--search <text>', 'in the keys and in what was last seen')
  .action(async (name: string, options: { search?: string }) => {
    const commands = await import('./commands/pair-commands.js');
    tell(await onServer((settings) => commands.listLinks(settings, name, options.search ?? null)));
  });

const systems = program.command('systems').description('the systems that pairs are made of');
systems
  .command('list')
  .description('list the systems, and how each stands')
  .action(async () => {
    const { listSystems } = await import('./commands/pair-commands.js');
    tell(await onServer(listSystems));
  });

systems
  .command('probe')
  .description('have a worker find out what a system really does')
  .argument('<name>', 'a system')
  .action(async (name: string) => {
    const commands = await import('./commands/pair-commands.js');
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
    const { prepareSystem } = await import('./commands/prepare-system.js');
    const password =
      options.passwordStdin === true ? await firstLineOfInput() : (process.env['ESPOCRM_PASSWORD'] ?? '');
    if (password === '')
      program.error(
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

const sosync = program
  .command('sosync')
  .description('serve the interface of sosync; each setting of its file is a parameter as well, which wins')
  .option('--conf <file>', 'an INI file with the section [sosync]');
for (const [name, description] of Object.entries(sosyncSettingNames))
  sosync.option(`--${name} <value>`, description);
sosync
  .command('import-jobs')
  .description("take over the jobs of an earlier service's table, with their ids; again, it adds what is new")
  .argument('<file>', 'a CSV file with the names of a job in its first line')
  .action(async (file: string) => {
    const { conf, ...parameters } = sosync.opts<SosyncOptions>();
    const { importJobs } = await import('./commands/sosync/import-jobs.js');
    tell(await importJobs({ conf: conf ?? null, parameters, environment: process.env }, file));
  });
sosync.action(async ({ conf, ...parameters }: SosyncOptions) => {
  const { runSosync } = await import('./commands/sosync/run-sosync.js');
  await runSosync({ conf: conf ?? null, parameters, environment: process.env });
});

program.parseAsync().catch((error: unknown) => {
  console.error(operatorMessage(error) ?? error);
  // Not by itself: what was opened before it failed, a connection to the database, would keep it for ever.
  process.exit(exitCodeFor(error));
});

/** What works with the configured database. */
async function onServer<T>(work: (settings: Config) => Promise<T>): Promise<T> {
  const settings = config();
  try {
    return await work(settings);
  } catch (error) {
    throw withDatabaseNamed(error, settings);
  }
}

/** What is wrong goes to the other output, and ends with 1. */
function tell({ lines, isWell }: { readonly lines: readonly string[]; readonly isWell: boolean }): void {
  for (const line of lines) (isWell ? console.log : console.error)(line);
  if (!isWell) process.exitCode = 1;
}

function config(): Config {
  return readConfig(process.env);
}

async function firstLineOfInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8').split(/\r?\n/)[0] ?? '';
}

/** Without a terminal nobody can be asked: no. */
async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
