'use strict';

/** Ends a test run with one line that programs can read: `N passed, N failed`. A suite that could not run has failed. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const line = `\n${results.numPassedTests} passed, ${failed} failed\n`;
    // Jest puts its own summary behind every other reporter.
    process.once('exit', () => process.stdout.write(line));
  }
};
