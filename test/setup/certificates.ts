import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createTestFolder } from './folder';

/** Keys and certificates in PEM, and the files that hold them. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
  readonly keyFile: string;
  readonly certFile: string;
}

export interface TestAuthority {
  readonly file: string;
  readonly cert: string;
  /** A certificate for `localhost`, or for another name. */
  issue(name?: string): Certificate;
  remove(): void;
}

/** An authority of our own, made by openssl. Nobody believes it who is not told to. */
export function createTestAuthority(name = 'Authority of the tests'): TestAuthority {
  const folder = createTestFolder();
  const inFolder = (file: string) => path.join(folder.path, file);
  const openssl = (...words: string[]) => execFileSync('openssl', words, { stdio: 'pipe' });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const [file, authorityKey] = [inFolder('authority.pem'), inFolder('authority.key')];
  openssl(
    'req',
    '-x509',
    '-days',
    '2',
    ...newKey,
    '-subj',
    `/CN=${name}`,
    '-keyout',
    authorityKey,
    '-out',
    file,
  );
  let issued = 0;
  return {
    file,
    cert: readFileSync(file, 'utf8'),
    issue(host = 'localhost') {
      issued += 1;
      const [keyFile, request] = [inFolder(`${issued}.key`), inFolder(`${issued}.csr`)];
      const [certFile, extensions] = [inFolder(`${issued}.pem`), inFolder(`${issued}.ext`)];
      openssl('req', ...newKey, '-subj', `/CN=${host}`, '-keyout', keyFile, '-out', request);
      writeFileSync(extensions, `subjectAltName=DNS:${host}\n`);
      const by = ['-CA', file, '-CAkey', authorityKey, '-CAcreateserial', '-extfile', extensions];
      openssl('x509', '-req', '-days', '2', '-in', request, '-out', certFile, ...by);
      const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
      return { key, cert, keyFile, certFile };
    },
    remove: () => folder.remove(),
  };
}
