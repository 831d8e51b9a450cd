import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { type Config, readConfig } from '../shared/config/config';
import { withoutFilesOf } from '../shared/config/secret-files';
import { makeDataFolder } from '../shared/embedded/data-folder';
import { withDatabase } from './administration';
import { demoEmail, removeDemoUser } from './demo-user';
import { type RunningServer, runServerUntilStopped, startServer } from './start-server';

/** What the reference solution shows, once a server is running. */
export interface Demo {
  (on: {
    readonly url: string;
    readonly adminEmail: string;
    readonly adminPassword: string;
    /** Folder for its local copy. */
    readonly dir: string;
    readonly print: (line: string) => void;
  }): Promise<void>;
}

interface Stage {
  readonly environment: NodeJS.ProcessEnv;
  readonly script: string;
  /** Stop when the demonstration is over. */
  readonly isOnce: boolean;
  readonly runDemo: Demo;
}

/**
 * `epack demo`: the server on the embedded default, and a kitchen that synchronises with it. The server keeps running.
 * If no first user is configured, one is created for the demonstration and removed at its end.
 */
export async function demonstrate({ environment, script, isOnce, runDemo }: Stage): Promise<void> {
  // Its log would hide the lines of the demonstration.
  const quiet = { LOG_LEVEL: 'warn', ...environment };
  const given = readConfig(quiet);
  await makeDataFolder(given);
  const signIn = signInOf(given);
  const settings = {
    ...quiet,
    ...withoutFilesOf(['EPACK_ADMIN_PASSWORD']),
    EPACK_ADMIN_EMAIL: signIn.email,
    EPACK_ADMIN_PASSWORD: signIn.password,
  };
  const config = readConfig(settings);
  const server = endingItsUser(await startServer(config, settings, script), config);
  try {
    await runDemo({
      url: server.url,
      adminEmail: signIn.email,
      adminPassword: signIn.password,
      dir: path.join(config.dataDir, 'demo-solution'),
      print: (line) => process.stdout.write(`${line}\n`),
    });
  } catch (error) {
    await server.stop();
    throw error;
  }
  if (isOnce) return server.stop();
  process.stdout.write(
    `\nThe server runs on: ${server.url}\nSign in as ${signIn.email}, password ${signIn.password}\nStop it with Ctrl-C.\n`,
  );
  await runServerUntilStopped(server);
}

interface SignIn {
  readonly email: string;
  readonly password: string;
}

/** The configured user, or a user of the demonstration. */
function signInOf({ adminEmail, adminPassword }: Config): SignIn {
  if (adminEmail !== null && adminPassword !== null) return { email: adminEmail, password: adminPassword };
  return { email: demoEmail, password: randomBytes(12).toString('base64url') };
}

/** The user is removed before the database stops. If this fails, the next start does it. */
function endingItsUser(server: RunningServer, config: Config): RunningServer {
  return {
    ...server,
    async stop() {
      try {
        await withDatabase(config, removeDemoUser);
      } finally {
        await server.stop();
      }
    },
  };
}
