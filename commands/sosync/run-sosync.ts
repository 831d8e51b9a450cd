import { type Config, readConfig } from '../../shared/config/config';
import { withoutFilesOf } from '../../shared/config/secret-files';
import { createFileLogger, createLogger, type FileLogger } from '../../shared/log';
import { runUntilStopped } from '../../shared/process/lifecycle';
import { withDatabaseNamed } from '../../shared/process/operator-errors';
import { databaseUrlFrom, readSosyncSettings, type SosyncParameters, type SosyncSettings } from './settings';
import { createConnectors } from '../../worker/systems/connectors';
import { startSosync } from './start-sosync';

export interface SosyncStart {
  /** Null: there are only parameters. */
  readonly conf: string | null;
  readonly parameters: SosyncParameters;
  readonly environment: NodeJS.ProcessEnv;
}

/** Longer than running calls may take to end. */
const patienceMs = 25_000;

/** `epack sosync`: serves until it is stopped. Throws the mistakes in the settings. */
export async function runSosync(start: SosyncStart): Promise<void> {
  const settings = await readSosyncSettings(start.conf, start.parameters);
  const config = configFor(settings, start.environment);
  const file = openLog(settings);
  const { log } = file;
  process.on('SIGHUP', () => file.reopen());
  const service = await startSosync(settings, config, {
    log,
    connectors: createConnectors(),
    environment: start.environment,
  }).catch((error: unknown) => {
    throw withDatabaseNamed(error, config);
  });
  log.info({ port: service.port, instance: settings.instance }, 'sosync listens');
  await runUntilStopped({
    log,
    ready: { port: service.port },
    patienceMilliseconds: patienceMs,
    stop: () => service.stop(),
  });
}

/** The rest of the server's configuration, with the database that the file names. */
export function configFor(settings: SosyncSettings, environment: NodeJS.ProcessEnv): Config {
  const url = databaseUrlFrom(settings);
  return readConfig(
    url === null ? environment : { ...environment, ...withoutFilesOf(['DATABASE_URL']), DATABASE_URL: url },
  );
}

function openLog({ log_file: file, log_level: level }: SosyncSettings): FileLogger {
  const name = 'sosync';
  if (file !== undefined) return createFileLogger(file, { level, name });
  // Standard output cannot be opened again; without a listener the signal would end the process.
  return { log: createLogger({ level, name }), reopen: () => undefined };
}
