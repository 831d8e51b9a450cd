import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from '../../shared/embedded/free-port';

export interface TestIdentityProvider {
  readonly issuer: string;
  stop(): Promise<void>;
}

/** The claims of the provider about each person, except `sub`, which is the name that they sign in with. */
export type People = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface ProviderOptions {
  readonly port?: number;
  readonly people: People;
  readonly redirectUri: string;
  /** How far its clock is ahead. */
  readonly clockOffsetSeconds?: number;
}

export const clientSettings = {
  EPACK_OIDC_CLIENT_ID: 'epack',
  EPACK_OIDC_CLIENT_SECRET: 'a secret of the client, long enough',
} as const;

/** A real OpenID provider on a port of its own. */
export async function startIdentityProvider(options: ProviderOptions): Promise<TestIdentityProvider> {
  const port = options.port ?? (await freePort());
  const particulars = { clockOffsetSeconds: 0, ...options, port };
  const child = fork(
    path.join(__dirname, 'identity-provider-child.mjs'),
    [JSON.stringify(particulars)],
    // The options with which Jest runs TypeScript are not for this process. It warns that it is a provider for tests,
    // which is intended.
    { execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] },
  );
  const ready = once(child, 'message');
  const died = once(child, 'exit').then(() => Promise.reject(new Error('the identity provider ended')));
  died.catch(() => undefined);
  await Promise.race([ready, died]);
  return {
    issuer: `http://127.0.0.1:${port}`,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}
