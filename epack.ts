#!/usr/bin/env node
import { Command } from 'commander';
import { registerCustomers } from './commands/register/customers';
import { registerFiles } from './commands/register/files';
import { registerInstallation } from './commands/register/installation';
import { registerPairs } from './commands/register/pairs';
import { registerProcesses } from './commands/register/processes';
import { registerSecurity } from './commands/register/security';
import { registerSosync } from './commands/register/sosync';
import { registerSystems } from './commands/register/systems';
import { exitCodeFor, operatorMessage } from './shared/process/operator-errors';
import { packageVersion } from './shared/process/package-version';

// The one command. What a subcommand needs is loaded when it runs.

const program = new Command('epack')
  .description('ePack sync server: where the solutions of professional kitchens synchronise.')
  .version(packageVersion(), '--version', 'print the version')
  .showHelpAfterError('(see --help)');

registerProcesses(program, __filename);
registerInstallation(program);
registerFiles(program);
registerSecurity(program);
registerCustomers(program);
registerPairs(program);
registerSystems(program);
registerSosync(program);

program.parseAsync().catch((error: unknown) => {
  console.error(operatorMessage(error) ?? error);
  // Not by itself: what was opened before it failed, a connection to the database, would keep it for ever.
  process.exit(exitCodeFor(error));
});
