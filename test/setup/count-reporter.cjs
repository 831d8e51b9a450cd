'use strict';

/**
 * Ends a test run with one line that programs can read: `N passed, N failed, N skipped`. A suite that could not run has
 * failed. Before it stands what passed only at its second attempt (see second-attempt.cjs).
 */
module.exports = class CountReporter {
  onRunComplete(_contexts, results) {
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests > 0 ? `, ${results.numPendingTests} skipped` : '';
    const unsteady = results.testResults.flatMap(({ testFilePath, testResults }) =>
      testResults
        .filter(({ status, invocations }) => status === 'passed' && (invocations ?? 1) > 1)
        .map(({ fullName }) => `\nat its second attempt: ${testFilePath}: ${fullName}`),
    );
    const line = `${unsteady.join('')}\n${results.numPassedTests} passed, ${failed} failed${skipped}\n`;
    // Jest puts its own summary behind every other reporter.
    process.once('exit', () => process.stdout.write(line));
  }
};
