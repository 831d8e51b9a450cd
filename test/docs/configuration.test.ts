import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Config, ConfigError, configurationMarkdown, readConfig } from '../../shared/config/config';
import { secretSettings, settings } from '../../shared/config/settings';
import { passwordLength } from '../../shared/domain/staff';
import { createTestFolder } from '../setup/folder';

/** The problems of this environment; empty if there are none. */
function problemsOf(environment: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

function messageOf(environment: NodeJS.ProcessEnv): string {
  try {
    readConfig(environment);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

describe('the configuration', () => {
  test('is complete without any setting', () => {
    const config: Config = readConfig({});
    expect(config).toMatchObject({ port: 8080, databaseUrl: null, queueUrl: null, logLevel: 'info' });
    expect(path.isAbsolute(config.dataDir)).toBe(true);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test('reports all mistakes at once, each with the name of its setting', () => {
    const problems = problemsOf({
      PORT: '80 80',
      DATABASE_URL: 'mysql://localhost/epack',
      QUEUE_URL: 'rabbitmq',
      EPACK_MAX_ARCHIVE_BYTES: '0',
      EPACK_UPLOAD_IDLE_SECONDS: '3600',
      EPACK_ADMIN_EMAIL: 'admin@example.org',
      EPACK_MAX_UPLOAD_BYTES: '1',
      LOG_LEVEL: 'loud',
    });
    const named = problems.map((problem) => problem.split(' ')[0]).sort();
    expect(named).toEqual([
      'DATABASE_URL',
      'EPACK_ADMIN_EMAIL',
      'EPACK_MAX_ARCHIVE_BYTES',
      'EPACK_MAX_UPLOAD_BYTES',
      'EPACK_UPLOAD_IDLE_SECONDS',
      'LOG_LEVEL',
      'PORT',
      'QUEUE_URL',
    ]);
  });

  test('reports a misspelt setting of this program, and ignores variables of other programs', () => {
    expect(problemsOf({ EPACK_ADMIN_EMIAL: 'x' })).toEqual(['EPACK_ADMIN_EMIAL is not a setting']);
    expect(problemsOf({ PATH: '/bin', NODE_ENV: 'production', PORTS: '1', DATABASE: 'x' })).toEqual([]);
    expect(problemsOf({ EPACK_TEST_DATA: 'data', EPACK_SOLUTION_SECRET: 'x' })).toEqual([]);
  });

  test('treats an empty value as not set', () => {
    const empty = Object.fromEntries(Object.keys(settings.shape).map((name) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  test('accepts the settings of the first user only together', () => {
    const [problem, ...others] = problemsOf({ EPACK_ADMIN_PASSWORD: 'correct horse' });
    expect(problem).toMatch(/EPACK_ADMIN_EMAIL and EPACK_ADMIN_PASSWORD/);
    expect(others).toEqual([]);
    expect(problemsOf({ EPACK_ADMIN_EMAIL: 'a@example.org', EPACK_ADMIN_PASSWORD: 'correct horse' })).toEqual(
      [],
    );
  });

  test('accepts the passwords that the console accepts', () => {
    const problemsWith = (password: string) =>
      problemsOf({ EPACK_ADMIN_EMAIL: 'a@example.org', EPACK_ADMIN_PASSWORD: password });
    expect(problemsWith('x'.repeat(passwordLength.least))).toEqual([]);
    expect(problemsWith('x'.repeat(passwordLength.least - 1))).toHaveLength(1);
    expect(problemsWith('x'.repeat(passwordLength.most + 1))).toHaveLength(1);
  });

  test('checks the limits of each number, and accepts no other spelling', () => {
    for (const written of ['-1', '65536', '8080.5', '0x50', '1e3', ' 80', 'http']) {
      expect(problemsOf({ PORT: written })).toHaveLength(1);
    }
    expect(readConfig({ PORT: '65535' }).port).toBe(65_535);
  });

  test('shows no secret in its error messages', () => {
    const message = messageOf({
      DATABASE_URL: 'postgre://epack:s3cret-one@db/epack',
      QUEUE_URL: 'http://epack:s3cret-two@queue',
      EPACK_TOKEN_SECRET: 's3cret-three',
      EPACK_ADMIN_PASSWORD: 's3cr3t',
      EPACK_ADMIN_EMAIL: 'admin@example.org',
    });
    for (const name of ['DATABASE_URL', 'QUEUE_URL', 'EPACK_TOKEN_SECRET', 'EPACK_ADMIN_PASSWORD']) {
      expect(message).toContain(name);
    }
    expect(message).not.toMatch(/s3cret|s3cr3t/);
  });
});

describe('a secret in a file', () => {
  let folder: ReturnType<typeof createTestFolder>;
  beforeEach(() => {
    folder = createTestFolder();
  });
  afterEach(() => folder.remove());

  const fileOf = (content: string): string => {
    const file = path.join(folder.path, 'secret');
    writeFileSync(file, content);
    return file;
  };

  test('is the content of the file, without the newline at its end', () => {
    const url = 'postgres://epack:secret@db/epack';
    for (const newline of ['', '\n', '\r\n'])
      expect(readConfig({ DATABASE_URL_FILE: fileOf(url + newline) }).databaseUrl).toBe(url);
    const twoLines = readConfig({ EPACK_METRICS_TOKEN_FILE: fileOf(`${'x'.repeat(16)}\n\n`) });
    expect(twoLines.metricsToken).toBe(`${'x'.repeat(16)}\n`);
  });

  test('is possible for every setting that is a secret', () => {
    const looksSecret = /PASSWORD$|SECRET|_KEY|TOKEN$|DATABASE_\w*URL|QUEUE_URL|SMTP_URL|HEADERS/;
    expect([...secretSettings].sort()).toEqual(
      Object.keys(settings.shape)
        .filter((name) => looksSecret.test(name))
        .sort(),
    );
    for (const name of secretSettings) {
      const file = path.join(folder.path, 'missing');
      expect(problemsOf({ [`${name}_FILE`]: file })).toEqual([`${name}_FILE cannot be read: ENOENT`]);
    }
  });

  test('must follow the rules of its setting, and no message contains the content of the file', () => {
    const password = fileOf('s3cr3t');
    const message = messageOf({
      EPACK_ADMIN_EMAIL: 'a@example.org',
      EPACK_ADMIN_PASSWORD_FILE: password,
      QUEUE_URL_FILE: password,
    });
    expect(message).toContain('EPACK_ADMIN_PASSWORD must have at least');
    expect(message).toContain('QUEUE_URL must be a URL');
    expect(message).not.toContain('s3cr3t');
  });

  test('is a mistake together with the setting itself, and for a setting that is not a secret', () => {
    const file = fileOf('postgres://db/epack');
    expect(problemsOf({ DATABASE_URL: 'postgres://db/epack', DATABASE_URL_FILE: file })).toEqual([
      'DATABASE_URL and DATABASE_URL_FILE are both set: set one of them',
    ]);
    expect(problemsOf({ EPACK_DATA_DIR_FILE: file })).toEqual(['EPACK_DATA_DIR_FILE is not a setting']);
  });

  test('that is empty counts as not set', () => {
    expect(readConfig({ EPACK_SMTP_URL_FILE: fileOf('\n') })).toEqual(readConfig({}));
    expect(readConfig({ EPACK_SMTP_URL_FILE: '' })).toEqual(readConfig({}));
  });
});

test('headers for the collector of traces are read as OpenTelemetry writes them', () => {
  const { otlpHeaders } = readConfig({
    OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a=b, x-team=kitchens',
  });
  expect(otlpHeaders).toEqual({ Authorization: 'Bearer a=b', 'x-team': 'kitchens' });
  expect(problemsOf({ OTEL_EXPORTER_OTLP_HEADERS: 'x=%zz' })).toHaveLength(1);
});

describe('docs/configuration.md', () => {
  const page = path.resolve(__dirname, '../../docs/configuration.md');

  test('is as the code would write it today (npm run docs:configuration)', () => {
    expect(readFileSync(page, 'utf8')).toBe(configurationMarkdown());
  });

  test('describes every setting', () => {
    const undescribed = Object.entries(settings.shape).filter(([, schema]) => !schema.description);
    expect(undescribed.map(([name]) => name)).toEqual([]);
  });
});
