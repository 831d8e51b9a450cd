import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startRabbitOnDemand } from './rabbitmq-on-demand';
import { startTestRun } from './test-run';
import { prepareTemplate } from './template-database';
import { startTestPostgres } from './test-postgres';

/**
 * Prepares every test run: a real PostgreSQL with a migrated template database, and a starter of RabbitMQ for the first
 * suite that asks for it. The workers get the addresses through the environment.
 */
export default async function globalSetup(): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'epack-test-'));
  // PostgreSQL runs as another user than root.
  await chmod(folder, 0o755);
  const run = startTestRun(folder);
  const postgres = await startTestPostgres(folder);
  run.atEnd(() => postgres.stop());
  const template = await prepareTemplate(postgres.url);
  run.atEnd(() => template.drop());
  const rabbit = await startRabbitOnDemand(path.join(folder, 'rabbit'));
  run.atEnd(() => rabbit.stop());
  process.env['EPACK_TEST_FOLDER'] = folder;
  process.env['EPACK_TEST_POSTGRES'] = postgres.url;
  process.env['EPACK_TEST_TEMPLATE'] = template.name;
  process.env['EPACK_TEST_RABBIT_PORT'] = String(rabbit.port);
}
