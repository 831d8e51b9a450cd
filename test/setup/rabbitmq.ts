import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { setting } from './database';
import { askForRabbit } from './rabbitmq-on-demand';
import { type RabbitCluster, startRabbitCluster } from './rabbitmq-cluster';
import { startRabbitServer, type RabbitServer } from './rabbitmq-server';
import { findRabbitSource } from './rabbitmq-source';

export type { RabbitServer } from './rabbitmq-server';

/** Installing and starting it, at worst. */
const patienceMs = 240_000;

/**
 * A suite on the run's RabbitMQ, which others use at the same time: use names of your own in it, and leave it running.
 * `url()` is known inside tests and hooks. Without RabbitMQ the suite is skipped with a printed reason; in CI it fails.
 */
export function describeWithRabbit(name: string, suite: (url: () => string) => void): void {
  describeOrSkip(name, configuredUrl() === null ? reasonWhyNot() : null, () => {
    let url: string | undefined;
    beforeAll(async () => {
      url = configuredUrl() ?? (await askForRabbit(Number(setting('EPACK_TEST_RABBIT_PORT'))));
    }, patienceMs);
    suite(() => given(url));
  });
}

/** A suite on a RabbitMQ of its own, which it may stop, kill and start. Never the configured one. */
export function describeWithOwnRabbit(name: string, suite: (rabbit: () => RabbitServer) => void): void {
  describeOrSkip(name, reasonWhyNot(), () => {
    let rabbit: RabbitServer | undefined;
    beforeAll(async () => {
      rabbit = await startRabbit();
    }, patienceMs);
    afterAll(() => rabbit?.kill());
    suite(() => given(rabbit));
  });
}

/** A suite on a cluster of three nodes of its own. They are started together. */
export function describeWithRabbitCluster(name: string, suite: (cluster: () => RabbitCluster) => void): void {
  const source = findRabbitSource();
  const reason = source.kind === 'program' ? null : 'its program is not installed';
  describeOrSkip(name, reason, () => {
    let cluster: RabbitCluster | undefined;
    beforeAll(async () => {
      if (source.kind === 'program')
        cluster = await startRabbitCluster(
          source.file,
          path.join(setting('EPACK_TEST_FOLDER'), `cluster-${randomBytes(4).toString('hex')}`),
        );
    }, patienceMs);
    afterAll(() => cluster?.kill());
    suite(() => given(cluster));
  });
}

/** A RabbitMQ of the caller's own; end it with `kill` or `stop`. */
export function startRabbit(): Promise<RabbitServer> {
  return startRabbitServer(
    path.join(setting('EPACK_TEST_FOLDER'), `rabbit-${randomBytes(4).toString('hex')}`),
  );
}

const configuredUrl = (): string | null => process.env['QUEUE_URL'] || null;

function reasonWhyNot(): string | null {
  const source = findRabbitSource();
  return source.kind === 'none' ? source.reason : null;
}

function describeOrSkip(name: string, reason: string | null, suite: () => void): void {
  if (reason === null) {
    describe(name, suite);
  } else if (process.env['CI'] === 'true') {
    describe(name, () => {
      test('has a RabbitMQ to run on', () => {
        throw new Error(`RabbitMQ cannot be had: ${reason}`);
      });
    });
  } else {
    process.stderr.write(`skipped: "${name}" needs RabbitMQ (${reason})\n`);
    describe.skip(name, suite);
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('RabbitMQ is known only inside tests and hooks.');
  return value;
}
