import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../shared/embedded/free-port';
import type { S3Settings } from '../../shared/files/s3-settings';
import { setting } from './database';
import { startTiedShell } from './tied-shell';

/** An S3 server of the suite's own (Swift). Its objects survive `kill` and `start`; it ends with this process. */
export interface S3Server {
  readonly endpoint: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** The settings of a new, empty bucket. */
  newBucket(): Promise<S3Settings>;
  /** Starts it again on the same port and the same files; resolves when it responds. */
  start(): Promise<void>;
  /** Ends it at once, as a power cut would. */
  kill(): Promise<void>;
  /** It accepts connections and says nothing, until `goOn`. */
  pause(): void;
  goOn(): void;
}

/** Installing and starting it, at worst. */
const patienceMs = 240_000;

/** A suite on an S3 server. Without Swift it is skipped with a printed reason; in CI it fails. */
export function describeWithS3(name: string, suite: (server: () => S3Server) => void): void {
  const reason = reasonWhyNot();
  if (reason === null) {
    describe(name, () => {
      let server: S3Server | undefined;
      beforeAll(async () => {
        server = await startS3Server();
      }, patienceMs);
      afterAll(() => server?.kill());
      suite(() => given(server));
    });
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      test('has an S3 server to run on', () => {
        throw new Error(`Swift cannot be had: ${reason}`);
      });
    });
  } else {
    process.stderr.write(`skipped: "${name}" needs an S3 server (${reason})\n`);
    describe.skip(name, () => suite(() => given<S3Server>(undefined)));
  }
}

/** The settings under which a process of the server uses this bucket. */
export const environmentOf = ({ endpoint, bucket, credentials }: S3Settings): NodeJS.ProcessEnv => ({
  EPACK_FILE_STORE: 's3',
  EPACK_S3_BUCKET: bucket,
  EPACK_S3_ENDPOINT: endpoint ?? '',
  EPACK_S3_ACCESS_KEY_ID: credentials?.accessKeyId,
  EPACK_S3_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
});

/** Debian's packages of Python belong to Debian's Python. */
const python = '/usr/bin/python3';

function reasonWhyNot(): string | null {
  const known = spawnSync(python, ['-c', 'import swift.common.middleware.s3api, xattr'], {
    encoding: 'utf8',
  });
  return known.status === 0 ? null : 'on Debian: apt-get install python3-swift';
}

async function startS3Server(): Promise<S3Server> {
  const folder = path.join(setting('EPACK_TEST_FOLDER'), `s3-${randomBytes(4).toString('hex')}`);
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const log = path.join(folder, 'output.log');
  const words = [python, path.join(__dirname, 'swift-server.py'), folder, String(port)];
  let child: ChildProcess | null = null;
  const server: S3Server = {
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test:tester', secretAccessKey: 'testing' },
    newBucket: () => makeBucket(server),
    async start() {
      const output = openSync(log, 'w');
      child = startTiedShell(becomeSwift, { words, cwd: folder, output });
      closeSync(output);
      await untilReady(child, log);
    },
    async kill() {
      child?.kill('SIGKILL');
      while (child !== null && !hasEnded(child)) await sleep(20);
    },
    pause: () => void child?.kill('SIGSTOP'),
    goOn: () => void child?.kill('SIGCONT'),
  };
  await server.start();
  return server;
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

/** The shell turns into Swift, after it has left a grandchild that ends it with us. */
const becomeSwift = '( ( exec >/dev/null 2>&1; read -r _ <&4; kill -KILL $$ ) & ); exec "$0" "$@" 4<&-';

async function untilReady(child: ChildProcess, log: string): Promise<void> {
  const deadline = Date.now() + 120_000;
  const isReady = () => existsSync(log) && readFileSync(log, 'utf8').includes('ready');
  while (!isReady()) {
    if (hasEnded(child) || Date.now() > deadline)
      throw new Error(`Swift does not start: ${readFileSync(log, 'utf8').slice(-2000)}`);
    await sleep(20);
  }
}

let buckets = 0;

async function makeBucket({ endpoint, credentials }: S3Server): Promise<S3Settings> {
  const bucket = `bucket-${(buckets += 1)}-${randomBytes(4).toString('hex')}`;
  const client = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  return {
    endpoint,
    region: 'us-east-1',
    bucket,
    prefix: '',
    isPathStyle: true,
    authority: null,
    encryption: null,
    credentials,
  };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('The S3 server is known only inside tests and hooks.');
  return value;
}
