import { type AwayReason, FileStoreAway } from './file-store-away';

// What the errors of an S3 server, and of the way to it, mean. Sources: Amazon S3 API Reference, "Error responses"; the
// codes of OpenSSL as Node names them.

/** True if the error says that there is no such object, upload or range; a missing bucket is something else. */
export const isAbsence = (error: unknown): boolean => absentNames.has(nameOf(error));

/** True if the range begins after the end of the object. */
export const isBeyondTheEnd = (error: unknown): boolean => nameOf(error) === 'InvalidRange';

/** The same error in the words of this server. `where`: the bucket and the server, for the operator. */
export function asFileStoreAway(error: unknown, where: string): FileStoreAway {
  if (error instanceof FileStoreAway) return error;
  const reason = reasonOf(error);
  const message = stringOf(error, 'message').replace('AWS SDK error wrapper for Error: ', '');
  const said = message === '' ? nameOf(error) : `${nameOf(error)}: ${message}`;
  return new FileStoreAway(reason, `${sentences[reason]} (${where}; ${said})`, { cause: error });
}

const sentences: Readonly<Record<AwayReason, string>> = {
  unreachable: 'The object store cannot be reached, or fails',
  tls: 'The certificate of the object store is not trusted: check EPACK_S3_CA_FILE and EPACK_S3_ENDPOINT',
  'slow-down': 'The object store is overloaded and asks to slow down',
  denied:
    'The object store denies access: check the keys of EPACK_S3 and the rights that they have on the bucket',
  'bucket-missing': 'The bucket of EPACK_S3_BUCKET does not exist: create it, or correct the name',
  'clock-skew': 'The clocks of this machine and of the object store differ too much: set the clock',
  full: 'The object store is full, or its quota is used up',
  refused: 'The object store refuses the call',
};

const absentNames: ReadonlySet<string> = new Set(['NoSuchKey', 'NotFound', 'NoSuchUpload']);

const reasonsByName: Readonly<Record<string, AwayReason>> = {
  NoSuchBucket: 'bucket-missing',
  AccessDenied: 'denied',
  AllAccessDisabled: 'denied',
  AccountProblem: 'denied',
  Forbidden: 'denied',
  InvalidAccessKeyId: 'denied',
  SignatureDoesNotMatch: 'denied',
  ExpiredToken: 'denied',
  InvalidToken: 'denied',
  CredentialsProviderError: 'denied',
  RequestTimeTooSkewed: 'clock-skew',
  RequestExpired: 'clock-skew',
  SlowDown: 'slow-down',
  SlowDownRead: 'slow-down',
  SlowDownWrite: 'slow-down',
  ServiceUnavailable: 'slow-down',
  TooManyRequests: 'slow-down',
  ThrottlingException: 'slow-down',
  QuotaExceeded: 'full',
  XMinioStorageFull: 'full',
  XMinioAdminBucketQuotaExceeded: 'full',
  InternalError: 'unreachable',
  TimeoutError: 'unreachable',
  AbortError: 'unreachable',
};

const tlsCodes = /^(ERR_(TLS|SSL)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO$)/;

function reasonOf(error: unknown): AwayReason {
  // The library wraps some errors, and keeps only their message.
  if (tlsCodes.test(stringOf(error, 'code')) || /certificate/i.test(stringOf(error, 'message'))) return 'tls';
  const known = reasonsByName[nameOf(error)];
  if (known !== undefined) return known;
  const status = statusOf(error);
  if (status === 403 || status === 401) return 'denied';
  if (status === 503 || status === 429) return 'slow-down';
  if (status === 507) return 'full';
  if (status === null || status >= 500) return status === 501 ? 'refused' : 'unreachable';
  return 'refused';
}

const nameOf = (error: unknown): string => stringOf(error, 'name') || 'Error';

function stringOf(error: unknown, member: string): string {
  if (typeof error !== 'object' || error === null) return '';
  const value: unknown = Reflect.get(error, member);
  return typeof value === 'string' ? value : '';
}

/** Null: the store did not respond. */
function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return null;
  const metadata: unknown = error.$metadata;
  if (typeof metadata !== 'object' || metadata === null || !('httpStatusCode' in metadata)) return null;
  return typeof metadata.httpStatusCode === 'number' ? metadata.httpStatusCode : null;
}
