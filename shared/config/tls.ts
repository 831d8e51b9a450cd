import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { hostUrls, withOption } from '../db/host-urls';
import { nodeUrls } from '../queue/node-urls';
import { codeOf } from './secret-files';

// Which connections use TLS, and which authorities are trusted. A certificate is always verified.

type ConnectionSetting =
  | 'DATABASE_URL'
  | 'DATABASE_LISTEN_URL'
  | 'DATABASE_READ_URL'
  | 'QUEUE_URL'
  | 'EPACK_S3_ENDPOINT'
  | 'EPACK_SMTP_URL'
  | 'EPACK_OIDC_ISSUER'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT';

/** Certificates of own authorities, in PEM. Null: only the usual authorities are trusted. */
export interface OwnAuthorities {
  readonly queue: string | null;
  readonly smtp: string | null;
  readonly oidc: string | null;
}

/** `environment` includes the secrets. Returns every mistake, each with the name of its setting. */
export function tlsProblems(environment: NodeJS.ProcessEnv): string[] {
  const isDemanded = environment['EPACK_REQUIRE_TLS'] === 'yes';
  const plain = Object.entries(connections).flatMap(([setting, { isByTls, written, authority }]) => {
    const url = environment[setting] ?? '';
    // A value that is not a URL has already been reported.
    const servers = serversOf(setting, url);
    if (url !== '' && servers.every((one) => !URL.canParse(one) || isByTls(new URL(one)))) return [];
    if (authority !== null && (environment[authority] ?? '') !== '')
      return [`${authority} needs ${setting} with TLS: ${written}`];
    return isDemanded && url !== ''
      ? [`${setting} must be ${written}, because EPACK_REQUIRE_TLS is yes`]
      : [];
  });
  const webhooks = isDemanded && environment['EPACK_WEBHOOK_HTTP'] === 'yes';
  return [
    ...plain,
    ...(webhooks ? ['EPACK_WEBHOOK_HTTP must not be yes, because EPACK_REQUIRE_TLS is'] : []),
    ...Object.values(connections).flatMap(({ authority }) =>
      authority === null ? [] : unreadable(authority, environment[authority] ?? ''),
    ),
  ];
}

/** The authority's certificates in the form that PostgreSQL's clients take them: in the URL. */
export function withAuthority(databaseUrl: string, file: string | undefined): string {
  if (file === undefined) return databaseUrl;
  return withOption(databaseUrl, 'sslrootcert', path.resolve(file));
}

/** Reads files in which `tlsProblems` found no problem. */
export function ownAuthorities(files: {
  readonly [name in keyof OwnAuthorities]: string | undefined;
}): OwnAuthorities {
  return {
    queue: authorityIn(files.queue),
    smtp: authorityIn(files.smtp),
    oidc: authorityIn(files.oidc),
  };
}

/** The URL of a database or of a queue may name several servers. */
function serversOf(setting: string, url: string): readonly string[] {
  if (setting === 'QUEUE_URL') return nodeUrls(url);
  return setting.startsWith('DATABASE_') ? hostUrls(url) : [url];
}

/** Null: no file is named. */
export const authorityIn = (file: string | undefined): string | null =>
  file === undefined ? null : readFileSync(file, 'utf8');

interface Connection {
  /** Whether such a URL demands TLS and a certificate that is verified. */
  readonly isByTls: (url: URL) => boolean;
  /** An example of a URL that does, for the error text. */
  readonly written: string;
  /** The setting that names the file of an authority of one's own; null: there is none. */
  readonly authority: string | null;
}

const connections: Readonly<Record<ConnectionSetting, Connection>> = {
  DATABASE_URL: {
    // If an option is given several times, the last one would apply.
    isByTls: ({ searchParams }) => searchParams.getAll('sslmode').join() === 'verify-full',
    written: 'postgres://…?sslmode=verify-full',
    authority: 'DATABASE_CA_FILE',
  },
  DATABASE_LISTEN_URL: {
    isByTls: ({ searchParams }) => searchParams.getAll('sslmode').join() === 'verify-full',
    written: 'postgres://…?sslmode=verify-full',
    authority: null,
  },
  DATABASE_READ_URL: {
    isByTls: ({ searchParams }) => searchParams.getAll('sslmode').join() === 'verify-full',
    written: 'postgres://…?sslmode=verify-full',
    authority: null,
  },
  QUEUE_URL: {
    isByTls: ({ protocol }) => protocol === 'amqps:',
    written: 'amqps://…',
    authority: 'QUEUE_CA_FILE',
  },
  EPACK_S3_ENDPOINT: {
    isByTls: ({ protocol }) => protocol === 'https:',
    written: 'https://…',
    authority: 'EPACK_S3_CA_FILE',
  },
  EPACK_SMTP_URL: {
    isByTls: ({ protocol, searchParams }) =>
      (protocol === 'smtps:' || searchParams.get('requireTLS') === 'true') && !weakens(searchParams),
    written: 'smtps://… or smtp://…?requireTLS=true, and no other option of TLS',
    authority: 'EPACK_SMTP_CA_FILE',
  },
  EPACK_OIDC_ISSUER: {
    isByTls: ({ protocol }) => protocol === 'https:',
    written: 'https://…',
    authority: 'EPACK_OIDC_CA_FILE',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    isByTls: ({ protocol }) => protocol === 'https:',
    written: 'https://…',
    authority: null,
  },
};

/** The library for mails takes options in the URL: `tls.rejectUnauthorized=false` among them. */
const weakens = (options: URLSearchParams): boolean =>
  [...options.keys()].some((name) => /^(tls\.|ignoreTLS$|secure$|opportunisticTLS$)/.test(name)) ||
  options.getAll('requireTLS').length > 1;

function unreadable(setting: string, file: string): string[] {
  if (file === '') return [];
  try {
    return isCertificate(readFileSync(file)) ? [] : [`${setting} holds no certificate in PEM`];
  } catch (error) {
    return [`${setting} cannot be read: ${codeOf(error)}`];
  }
}

function isCertificate(written: Buffer): boolean {
  try {
    return new X509Certificate(written).raw.length > 0;
  } catch {
    return false;
  }
}
