'use strict';

// Leaves beside the built program from which commit it was built, for `epack sosync`, whose callers ask for it. Without git,
// or outside of a working copy, it leaves nothing: EPACK_COMMIT says it then.

const { execFileSync } = require('node:child_process');
const { rmSync, writeFileSync } = require('node:fs');

try {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  writeFileSync('dist/commit', execFileSync('git', ['rev-parse', 'HEAD'], options));
} catch {
  rmSync('dist/commit', { force: true });
}
