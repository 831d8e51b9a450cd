import { startEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';

// A process that uses the embedded database of a data directory: prints its url, and stops when told by SIGTERM.

const [dataDir = '', ephemeral = ''] = process.argv.slice(2);

startEmbeddedPostgres({ dataDir, ephemeral: ephemeral === 'ephemeral' }).then(
  (postgres) => {
    const stayAlive = setInterval(() => undefined, 1000);
    process.once('SIGTERM', () => {
      clearInterval(stayAlive);
      void postgres.stop();
    });
    process.stdout.write(`${postgres.url}\n`);
  },
  (error: unknown) => {
    process.stderr.write(String(error));
    process.exitCode = 1;
  },
);
