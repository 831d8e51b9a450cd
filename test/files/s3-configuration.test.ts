import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError, readConfig } from '../../shared/config/config';
import { createTestFolder } from '../setup/folder';

const problemsOf = (environment: NodeJS.ProcessEnv): readonly string[] => {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return error instanceof ConfigError ? error.problems : [String(error)];
  }
};

describe('the settings of an object store', () => {
  test('are not needed for files on a disk', () => {
    expect(readConfig({})).toMatchObject({ fileStore: 'disk', s3: null });
  });

  test('take keys from files, and choose the style of the address by the endpoint', () => {
    const folder = createTestFolder();
    const [id, secret] = ['id', 'secret'].map((name) => path.join(folder.path, name));
    for (const [file, text] of [
      [id, 'the id\n'],
      [secret, 'the secret\n'],
    ])
      writeFileSync(file ?? '', text ?? '');
    const environment = { EPACK_S3_ACCESS_KEY_ID_FILE: id, EPACK_S3_SECRET_ACCESS_KEY_FILE: secret };
    const common = { EPACK_FILE_STORE: 's3', EPACK_S3_BUCKET: 'kitchens', EPACK_S3_PREFIX: 'a/b/' };
    expect(readConfig({ ...common, ...environment }).s3).toMatchObject({
      isPathStyle: false,
      prefix: 'a/b/',
      credentials: { accessKeyId: 'the id', secretAccessKey: 'the secret' },
    });
    expect(readConfig({ ...common, EPACK_S3_ENDPOINT: 'https://s3.example' }).s3).toMatchObject({
      isPathStyle: true,
      credentials: null,
    });
    folder.remove();
  });

  test.each<[string, NodeJS.ProcessEnv, RegExp]>([
    ['no bucket', { EPACK_FILE_STORE: 's3' }, /needs EPACK_S3_BUCKET/],
    ['half a key', { EPACK_S3_BUCKET: 'kitchens', EPACK_S3_ACCESS_KEY_ID: 'a' }, /go together/],
    ['a key for no encryption', { EPACK_S3_KMS_ID: 'a' }, /needs EPACK_S3_ENCRYPTION=aws:kms/],
    ['a prefix that leaves', { EPACK_S3_PREFIX: 'a/../b' }, /EPACK_S3_PREFIX/],
    [
      'no TLS where it is required',
      { EPACK_REQUIRE_TLS: 'yes', EPACK_S3_ENDPOINT: 'http://s3.example' },
      /EPACK_S3_ENDPOINT must be https/,
    ],
    [
      'an authority for a server without TLS',
      { EPACK_S3_ENDPOINT: 'http://s3.example', EPACK_S3_CA_FILE: '/nowhere' },
      /EPACK_S3_CA_FILE needs EPACK_S3_ENDPOINT with TLS/,
    ],
  ])('with a mistake are refused at the start: %s', (_name, environment, problem) => {
    expect(problemsOf(environment).join('\n')).toMatch(problem);
  });
});
