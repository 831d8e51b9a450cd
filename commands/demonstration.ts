import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readConfig } from '../shared/config/config';
import { makeDataFolder } from '../shared/embedded/data-folder';
import { runServerUntilStopped, startServer } from './start-server';

/** What the reference solution shows, once a server is up. */
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

/** `epack demo`: the server on the embedded default, and a kitchen that synchronises with it. Leaves the server running. */
export async function demonstrate({ environment, script, isOnce, runDemo }: Stage): Promise<void> {
  // Its log would drown the story.
  const quiet = { LOG_LEVEL: 'warn', ...environment };
  const config = readConfig(quiet);
  const { dataDir } = config;
  await makeDataFolder(config);
  const signIn = await signInOf(quiet, dataDir);
  const settings = { ...quiet, EPACK_ADMIN_EMAIL: signIn.email, EPACK_ADMIN_PASSWORD: signIn.password };
  const server = await startServer(readConfig(settings), settings, script);
  try {
    await runDemo({
      url: server.url,
      adminEmail: signIn.email,
      adminPassword: signIn.password,
      dir: path.join(dataDir, 'demo-solution'),
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

/** The configured user, or one that the demonstration keeps for itself from one run to the next. */
async function signInOf(environment: NodeJS.ProcessEnv, dataDir: string): Promise<SignIn> {
  const { EPACK_ADMIN_EMAIL: email, EPACK_ADMIN_PASSWORD: password } = environment;
  if (email !== undefined && password !== undefined) return { email, password };
  const kept = path.join(dataDir, 'demo-sign-in.json');
  try {
    return JSON.parse(await readFile(kept, 'utf8')) as SignIn;
  } catch {
    const made = { email: 'demo@localhost', password: randomBytes(12).toString('base64url') };
    await writeFile(kept, JSON.stringify(made), { mode: 0o600 });
    return made;
  }
}
