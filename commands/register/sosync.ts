import type { Command } from 'commander';
import { type SosyncSettingName, sosyncSettingNames } from '../sosync/setting-names';
import { tell } from './on-server';

type SosyncOptions = { readonly conf?: string } & Readonly<Partial<Record<SosyncSettingName, string>>>;

/** `epack sosync`, and `sosync import-jobs`. */
export function registerSosync(program: Command): void {
  const sosync = program
    .command('sosync')
    .description('serve the interface of sosync; each setting of its file is a parameter as well, which wins')
    .option('--conf <file>', 'an INI file with the section [sosync]');
  for (const [name, description] of Object.entries(sosyncSettingNames))
    sosync.option(`--${name} <value>`, description);
  sosync
    .command('import-jobs')
    .description(
      "take over the jobs of an earlier service's table, with their ids; again, it adds what is new",
    )
    .argument('<file>', 'a CSV file with the names of a job in its first line')
    .action(async (file: string) => {
      const { conf, ...parameters } = sosync.opts<SosyncOptions>();
      const { importJobs } = await import('../sosync/import-jobs.js');
      tell(await importJobs({ conf: conf ?? null, parameters, environment: process.env }, file));
    });
  sosync.action(async ({ conf, ...parameters }: SosyncOptions) => {
    const { runSosync } = await import('../sosync/run-sosync.js');
    await runSosync({ conf: conf ?? null, parameters, environment: process.env });
  });
}
