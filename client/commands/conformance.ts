import { type Command, Option } from 'commander';
import type { ConformanceOptions } from './run-conformance';
import { numberFrom, urlFrom } from './option-values';

/** `epack conformance`. */
export function registerConformance(program: Command): void {
  program
    .command('conformance')
    .description('test a server against the protocol')
    .addOption(new Option('--url <url>', 'the server under test').env('EPACK_URL').argParser(urlFrom))
    .addOption(
      new Option('--mail <mail>', 'the mail of a solution of that server').env('EPACK_SOLUTION_MAIL'),
    )
    .addOption(new Option('--secret <secret>', 'its secret').env('EPACK_SOLUTION_SECRET'))
    .addOption(
      new Option('--mac <mac>', 'the MAC address that it signs in with')
        .env('EPACK_SOLUTION_MAC')
        .default('02:00:5e:00:53:01'),
    )
    .option('--second-mail <mail>', 'another solution, which must see nothing of the first')
    .addOption(new Option('--second-secret <secret>', 'its secret').env('EPACK_SOLUTION_SECOND_SECRET'))
    .option('--only <id...>', 'only these checks, or these trials of --listen')
    .option('--json', 'print the results as JSON')
    .option('--report <file>', 'write a page in English and French as well')
    .option(
      '--listen <host:port>',
      'stand in front of the server and be awkward: tests the solution that comes here, not the server',
    )
    .option(
      '--patience <seconds>',
      'with --listen: how long the solution may take for one trial',
      numberFrom,
      120,
    )
    .addHelpText('after', help)
    .action(async (options: ConformanceOptions) => {
      const { runConformance } = await import('./run-conformance.js');
      process.exitCode = await runConformance(options);
    });
}

const help = `
The solution must be made for the test: its data on the server are changed. docs/conformance.md says more.

Exit codes:
  0  every check passed, or could not be made
  1  at least one check failed
  2  the test could not be made at all

With --listen, the solution under test synchronises again and again with that address, as itself.

Example:
  epack conformance --url https://epack.example.org --mail test@example.org --secret … --report conformance.html`;
