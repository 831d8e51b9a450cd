'use strict';

// In CI, a test that fails is run once more: some of them stop real servers on a machine that is busy with others, and a
// whole run takes half an hour. Both failures are printed, a test that fails twice has failed, and the count at the end
// names those that needed their second attempt, so that they are mended. On a developer's machine there is none.
if (process.env.CI === 'true') jest.retryTimes(1, { logErrorsBeforeRetry: true, retryImmediately: true });
