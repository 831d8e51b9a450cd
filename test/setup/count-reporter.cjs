'use strict';

/** Ends a test run with one line that programs can read: `N passed, N failed, N skipped`. A suite that could not run has failed. */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests > 0 ? `, ${results.numPendingTests} skipped` : '';
    const line = `\n${results.numPassedTests} passed, ${failed} failed${skipped}\n`;
    // Jest puts its own summary behind every other reporter.
    process.once('exit', () => process.stdout.write(line));
  }
};
