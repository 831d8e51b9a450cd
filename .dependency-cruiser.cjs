// Who may import whom (architecture: README and CONTRIBUTING). Imports of types count.
// A rule's comment says what to do instead.

/** Product code below a folder of the top level. */
const product = '^(epack\\.ts$|api/|worker/|shared/|commands/|client/)';

/** These build things and wire them together; nothing else does. */
const composition = '(^epack\\.ts$|/(compose|main)\\.ts$|^commands/|^client/solution\\.ts$)';

/** Started as processes of their own, by path. */
const processes = '^bench/(bare-server|poll-load)\\.ts$';

/** An outside library, however its package is laid out. */
const library = (...names) => `(^|/)node_modules/(${names.join('|')})/`;

/** One door: only files that match `door` (and tests, and benches) import the libraries. */
const door = (name, names, folder) => ({
  name: `door-of-${name}`,
  comment: `Only ${folder} imports it, and translates its errors and types. Use what that offers.`,
  severity: 'error',
  from: { path: product, pathNot: folder },
  to: { path: library(...names) },
});

/** `from` must not import `to`. */
const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    // The top level

    forbid(
      'api-or-worker',
      'They meet in the database, the queue and the file store only.',
      { path: '^api/' },
      { path: '^worker/' },
    ),
    forbid(
      'worker-or-api',
      'They meet in the database, the queue and the file store only.',
      { path: '^worker/' },
      { path: '^api/' },
    ),
    forbid(
      'shared-is-below',
      'What api, worker and client share knows none of them.',
      { path: '^shared/' },
      { path: '^(api|worker|commands|client|bench|test)/|^epack\\.ts$' },
    ),
    forbid(
      'client-is-a-solution',
      'The reference solution knows the server by its protocol; it shares the formats, not the server.',
      { path: '^client/' },
      { path: '^(api|worker|commands|bench|test|shared(?!/(archive|formats|catalog|domain|errors)/))(/|$)' },
    ),
    forbid(
      'nobody-imports-commands',
      'What `epack …` runs is above everything: what others need of it belongs in a room below.',
      { path: '^(api|worker|shared|client)/' },
      { path: '^commands/' },
    ),
    forbid(
      'nobody-imports-benches',
      'A bench measures the product; the product does not know it.',
      { path: product, pathNot: '^epack\\.ts$' },
      { path: '^bench/' },
    ),
    forbid('nobody-imports-tests', 'Tests are above everything.', { pathNot: '^test/' }, { path: '^test/' }),

    // shared

    forbid(
      'domain-is-pure',
      'Rules are pure functions: hand in what they need.',
      { path: '^shared/domain/' },
      { pathNot: '^shared/domain/' },
    ),
    forbid(
      'errors-know-the-domain-only',
      'The catalogue of errors speaks the domain’s words.',
      { path: '^shared/errors/' },
      { pathNot: '^shared/(errors|domain)/' },
    ),
    forbid(
      'catalogue-knows-the-domain-only',
      'A channel, a class, a table is a declaration.',
      { path: '^shared/catalog/' },
      { pathNot: '^shared/(catalog|domain)/' },
    ),
    forbid(
      'formats-know-no-store',
      'Parsing knows no database, no queue and no file store.',
      { path: '^shared/formats/' },
      { path: '^shared/(db|stores|queue|files|process|embedded|connections|config)/' },
    ),
    forbid(
      'archives-know-files-only',
      'Zips come from a file store and go to one.',
      { path: '^shared/archive/' },
      { path: '^shared/(db|stores|queue|process|embedded|connections|config)/' },
    ),
    forbid(
      'a-store-never-calls-a-store',
      'The service decides what is one transaction.',
      { path: '^shared/stores/(.+)\\.ts$', pathNot: '^shared/stores/(store|read)-access\\.ts$' },
      { path: '^shared/stores/', pathNot: '^shared/stores/$1\\.ts$' },
    ),
    forbid(
      'a-store-is-sql',
      'SQL and row mapping: no queue, no files, no processes.',
      { path: '^shared/stores/' },
      {
        path: '^shared/(queue|files|process|embedded|archive|config)/',
        pathNot: '^shared/queue/job-queue\\.ts$',
      },
    ),

    forbid(
      'kinds-of-systems-are-declarations',
      'What a kind of system is, and what a pair may say: no database, no call.',
      { path: '^shared/systems/' },
      { pathNot: '^shared/(systems|domain|catalog)/|^(node:)?crypto$|(^|/)node_modules/(zod|yaml|croner)/' },
    ),
    forbid(
      'a-store-holds-no-rule',
      'A store knows the domain’s words, not its rules: let the service decide, and hand the store the outcome.',
      { path: '^shared/stores/' },
      {
        path: '^shared/domain/',
        pathNot:
          '^shared/domain/(channel|failed-instruction|job-kind|log-gaps|merge-copy|notification|origin|page|quota|statut)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),

    // api

    forbid(
      'routes-know-services-only',
      'A route parses, calls one service, answers. It may name the type of a row that the service hands it.',
      { path: '^api/(http|v4|sosync|backoffice/(http|rest|console))/' },
      {
        path: '^shared/(stores|db|queue|process|embedded)/',
        // The error handler alone judges what a lost database means to a caller.
        pathNot: '^shared/db/database-away\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'services-know-no-http',
      'A service is called by routes; it answers in the domain’s words.',
      { path: '^api/(services|backoffice/services)/' },
      {
        path: '^api/(http|v4|ops|sosync|backoffice/(http|rest|console))/|(^|/)node_modules/(express|multer|@types/express)/|^https?$',
      },
    ),
    forbid(
      'services-get-their-stores',
      'Name the store in the service’s `Stores`: it is handed in, on the pool or on a transaction (docs/decisions/047).',
      { path: '^api/(services|backoffice/(services|oidc))/' },
      { path: '^shared/stores/', dependencyTypesNot: ['type-only'] },
    ),
    forbid(
      'services-have-no-database',
      'Ask for the stores that you use, and for `transaction` where they must agree (docs/decisions/047).',
      { path: '^api/(services|backoffice/(services|oidc))/' },
      { path: '^shared/db/(database|copy)\\.ts$' },
    ),
    forbid(
      'v4-or-backoffice',
      'Solutions and staff come through doors of their own; what they share is a service.',
      { path: '^api/v4/' },
      { path: '^api/backoffice/' },
    ),
    forbid(
      'backoffice-or-v4',
      'Solutions and staff come through doors of their own; what they share is a service.',
      { path: '^api/backoffice/' },
      { path: '^api/v4/' },
    ),
    forbid(
      'console-beside-rest',
      'The console stands beside the REST interface, not on it: what both need belongs in api/backoffice/http.',
      { path: '^api/backoffice/console/' },
      { path: '^api/backoffice/rest/' },
    ),
    forbid(
      'rest-beside-console',
      'The REST interface stands beside the console: what both need belongs in api/backoffice/http.',
      { path: '^api/backoffice/rest/' },
      { path: '^api/backoffice/console/' },
    ),
    forbid(
      'http-is-below-rest-and-console',
      'What both share knows neither.',
      { path: '^api/backoffice/http/' },
      { path: '^api/backoffice/(rest|console|oidc)/' },
    ),
    forbid(
      'http-is-below-the-routes',
      'What all routes share knows none of them.',
      { path: '^api/http/' },
      { path: '^api/(v4|ops|sosync|backoffice)/' },
    ),

    // worker: package → pipeline → instructions, one way

    forbid(
      'instructions-are-last',
      'Writing instructions knows neither where they come from nor the upload.',
      { path: '^worker/solution-sync/instructions/' },
      { path: '^worker/(solution-sync/(package|params|logs)|pipeline|systems)/' },
    ),
    forbid(
      'pipeline-is-free',
      'The pipeline is free of XML, zip, SQL and solutions: a system hands it items.',
      { path: '^worker/pipeline/' },
      { pathNot: '^(worker/pipeline|shared/domain)/|^(node:)?crypto$' },
    ),
    forbid(
      'systems-know-no-user-of-theirs',
      'What the pipeline can sync with knows not what it is synced for.',
      { path: '^worker/systems/' },
      { path: '^worker/(solution-sync|alerts|notifications|upkeep|jobs)/' },
    ),
    forbid(
      'package-is-reading',
      'Reading an unpacked upload knows not what becomes of it.',
      { path: '^worker/solution-sync/package/' },
      { path: '^worker/(solution-sync/(instructions|photos|messages)|alerts|notifications|upkeep|jobs)/' },
    ),
    forbid(
      'a-middleware-never-imports-a-middleware',
      'A step stands alone; the order is written once, in stages.ts.',
      { path: '^worker/pipeline/middlewares/([^/]+)\\.ts$' },
      { path: '^worker/pipeline/middlewares/', pathNot: '^worker/pipeline/middlewares/$1\\.ts$' },
    ),

    forbid(
      'file-store-by-configuration',
      'Open it with openFileStore(config): the configuration says where files are kept.',
      { path: product, pathNot: '^shared/files/' },
      {
        path: '^shared/files/[^/]*-file-store\\.ts$',
        pathNot: '^shared/files/open-file-store\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),

    // Only compose.ts builds. (A store is the exception: a use case makes it anew on its transaction.)

    forbid(
      'doors-are-handed-in',
      'Import the type of a queue, a pool or a file store; compose.ts builds it.',
      { path: '^(api|worker)/', pathNot: composition },
      {
        path: '^shared/(queue/(open-queue|rabbit-queue|postgres-queue)|files/[^/]*-file-store|embedded/embedded-postgres)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'services-are-handed-in',
      'Import the service’s type; compose.ts builds it.',
      { path: '^api/(http|v4|ops|sosync|backoffice/(http|rest|console))/', pathNot: composition },
      { path: '^api/(services|backoffice/services)/', dependencyTypesNot: ['type-only'] },
    ),

    // One door per outside library

    door('express', ['express', '@types/express', '@types/express-serve-static-core'], '^api/'),
    door('multer', ['multer', '@types/multer'], '^api/http/archive-upload\\.ts$'),
    door('tus', ['@tus/[^/]+'], '^api/v4/upload'),
    door('oidc', ['openid-client'], '^api/backoffice/oidc/identity-provider\\.ts$'),
    door('mail', ['nodemailer', '@types/nodemailer'], '^worker/notifications/send-mail\\.ts$'),
    door('jose', ['jose'], '^api/services/tokens\\.ts$'),
    door(
      'postgres',
      ['pg', '@types/pg', 'knex', 'pg-copy-streams', '@types/pg-copy-streams'],
      '^shared/db/|^worker/systems/postgresql/driver\\.ts$',
    ),
    door('sql-server', ['tedious'], '^worker/systems/sql-server/driver\\.ts$'),
    door('rabbitmq', ['amqplib', '@types/amqplib'], '^shared/queue/'),
    door('zip', ['yauzl', 'yazl', 'adm-zip', '@types/(yauzl|yazl|adm-zip)'], '^shared/archive/'),
    door(
      'formats',
      ['saxes', 'fast-xml-parser', 'fast-xml-builder', 'papaparse', '@types/papaparse'],
      '^shared/formats/',
    ),
    door('age', ['age-encryption'], '^commands/backup/encrypted-backup\\.ts$'),
    door('pino', ['pino'], '^shared/log\\.ts$'),
    door(
      'sharp',
      ['sharp'],
      '^worker/solution-sync/photos/photo-[^/]+\\.ts$|^client/kitchen/draw-photo\\.ts$',
    ),
    door('embedded-postgres', ['embedded-postgres', '@embedded-postgres/[^/]+'], '^shared/embedded/'),
    door('commander', ['commander'], '^(epack\\.ts$|commands/register/|client/)'),
    door('cli-progress', ['cli-progress', '@types/cli-progress'], '^client/'),
    door('s3', ['@aws-sdk/[^/]+'], '^shared/files/'),
    door('metrics', ['prom-client'], '^shared/metrics/metrics\\.ts$'),
    door('traces', ['@opentelemetry/[^/]+'], '^shared/tracing\\.ts$'),
    door('preact', ['preact', 'preact-render-to-string'], '^api/(backoffice/console|openapi)/'),
    // Outside data is decoded where it comes in.
    door(
      'zod',
      ['zod'],
      '^(api|client|commands|shared/(config|queue|formats|process|embedded|systems)|worker/(solution-sync/package|systems|records|pairs))/',
    ),

    // Everywhere

    forbid('no-cycles', 'Two files that need each other are one, or need a third.', {}, { circular: true }),
    forbid('no-unknown-import', 'It does not exist.', {}, { couldNotResolve: true }),
    forbid(
      'no-undeclared-package',
      'Declare it in package.json.',
      { pathNot: '^(test|bench)/' },
      { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'], pathNot: '(^|/)node_modules/@types/' },
    ),
    {
      name: 'no-file-that-nothing-reaches',
      comment: 'No command leads here: delete it, or import it.',
      severity: 'error',
      from: { path: '^(epack|bench/main)\\.ts$' },
      to: {
        path: `${product}|^bench/`,
        pathNot: `^(epack|bench/main)\\.ts$|${processes}`,
        reachable: false,
      },
    },
    {
      name: 'no-test-file-that-nothing-reaches',
      comment:
        'No test leads here, nor `npm run sandbox`. A process that tests start is called …-child.ts or …-child.mjs.',
      severity: 'error',
      from: { path: '^test/(.+\\.test|setup/global-(setup|teardown)|systems/sandbox)\\.ts$' },
      to: {
        path: '^test/',
        pathNot: '(-child\\.(ts|mjs)|\\.cjs|\\.test\\.ts|/global-(setup|teardown)\\.ts|/sandbox\\.ts)$',
        reachable: false,
      },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|data|coverage)/|^api/backoffice/console/assets/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
    skipAnalysisNotInRules: true,
  },
};
