import { spawn } from 'node:child_process';
import { describeWithPrograms } from '../setup/programs';
import { createTestFolder } from '../setup/folder';
import { davServerKinds, type DavServerKind, startDavServer } from './webdav-servers';

/**
 * The tests of litmus, the test suite for WebDAV servers, that each server fails by its own fault. The connector must
 * handle each of them.
 */
const faults: Record<DavServerKind, readonly string[]> = {
  apache: [],
  'apache with digests': [],
  rclone: [
    // "MKCOL on existing collection should fail": it answers 201, so we look first.
    'mkcol_again',
    // It keeps no property: PROPPATCH is 403, also of what is locked.
    'propset',
    'propget',
    'propmanyns',
    'owner_modify',
    // It takes a body that is no XML with namespaces.
    'propfind_invalid2',
    // It evaluates no ETag in `If`, so a write cannot be made to depend on one.
    'fail_complex_cond_put',
    // It knows exclusive locks only.
    'lock_shared',
  ],
};

describeWithPrograms(['apache2', 'rclone', 'litmus'], 'litmus', () => {
  test.each(davServerKinds)('%s passes every test that is not a known failure', async (kind) => {
    const server = await startDavServer(kind);
    try {
      const output = await litmus([server.url, server.user, server.password]);
      const failed = [...output.matchAll(/^\s*\d+\.\s+(\w+)\.*\s+FAIL/gm)].map(([, name]) => name);
      expect(failed.filter((name) => !faults[kind].includes(name ?? ''))).toEqual([]);
      expect(output).toMatch(/summary for `locks': of \d+ tests run/);
    } finally {
      await server.kill();
    }
  });
});

function litmus(words: readonly string[]): Promise<string> {
  const folder = createTestFolder();
  return new Promise((resolve, reject) => {
    const child = spawn('litmus', ['-k', ...words], {
      cwd: folder.path,
      env: { ...process.env, TERM: 'dumb' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (piece: Buffer) => (output += piece.toString()));
    child.once('error', reject);
    // A dot and a carriage return for each step of a test.
    child.once('close', () => resolve(output.replaceAll('\r', '\n')));
  });
}
