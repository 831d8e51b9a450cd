import type { FieldProblem } from '../domain/field-fault';
import type { Statut } from '../domain/statut';
import type { Reason, ReasonCode } from '../domain/reason';
import { AppError, InvalidFields, ReasonedError } from './app-error';

// Every foreseen error, one function each. The codes are those of the wire contract: never rename one.

export const unknownChannel = (name: string) =>
  new AppError('absent', 'unknown-channel', `There is no channel "${name}".`);

export const unknownRoute = () => new AppError('absent', 'not-found', 'There is nothing at this path.');

export const unauthorized = () =>
  new AppError('unauthenticated', 'unauthorized', 'A valid bearer token is needed.');

/** A webhook without a proof that the system sent it. */
export const unsignedWebhook = () =>
  new AppError(
    'unauthenticated',
    'unauthorized',
    'The signature of this webhook is missing, or it does not belong to the body.',
  );

/** One text for an unknown mail and for a wrong secret: they must not be told apart. */
export const badCredentials = () =>
  new AppError('invalid', 'bad-credentials', 'Unknown solution or wrong credentials.', {
    members: {
      error: 'Incorrect credentials',
    },
  });

export const solutionLocked = () =>
  new AppError(
    'unauthenticated',
    'locked',
    'Another device has used this solution. Ask the backoffice to unlock it.',
  );

export const solutionBlocked = () =>
  new AppError('unauthenticated', 'blocked', 'The backoffice has blocked this solution.');

export const tooManyRequests = (retryAfterSeconds: number) =>
  new AppError('too-many', 'too-many-requests', 'Too many attempts.', { retryAfterSeconds });

export const unavailable = (what: 'database' | 'queue' | 'file store' | 'server') => {
  const detail = what === 'server' ? 'This server is stopping.' : `The ${what} cannot be reached.`;
  return new AppError('unavailable', 'unavailable', detail, { retryAfterSeconds: 5 });
};

/** The database is there, but every connection to it is in use. */
export const databaseBusy = () =>
  new AppError('unavailable', 'unavailable', 'All connections to the database are in use. Try again later.', {
    retryAfterSeconds: 5,
  });

/** Too many passwords wait to be checked. */
export const serverBusy = (retryAfterSeconds: number) =>
  new AppError('unavailable', 'unavailable', 'Too many people are signing in at the moment.', {
    retryAfterSeconds,
  });

/** Too many uploads wait to be processed. */
export const serverCrowded = (retryAfterSeconds: number) =>
  new AppError(
    'unavailable',
    'unavailable',
    'Too many uploads wait to be processed. Send this one again later.',
    { retryAfterSeconds },
  );

/** The channel was reset, or the upload gave no sign for too long. */
export const uploadGivenUp = () =>
  new AppError('unavailable', 'unavailable', 'The upload was given up meanwhile. Send it again.', {
    retryAfterSeconds: 5,
  });

export const wrongStatus = (statut: Statut, needed: Statut) =>
  new AppError('forbidden', 'wrong-status', `The channel's status is ${statut}; this call needs ${needed}.`, {
    members: {
      statut: String(statut),
    },
  });

export const badRequest = (detail: string) => new AppError('invalid', 'bad-request', detail);

/** For a form that acts on many things at once. */
export const nothingTicked = () =>
  new ReasonedError('invalid', 'bad-request', { code: 'nothing-ticked', values: {} });

export const digestMismatch = () =>
  new AppError('invalid', 'digest-mismatch', 'The archive does not match its digest.');

export const tooLarge = (maxBytes: number) =>
  new AppError('too-large', 'too-large', `The archive is larger than ${maxBytes} bytes.`);

/** For a body that is not an archive. */
export const bodyTooLarge = () => new AppError('too-large', 'too-large', 'The body is too large.');

export const headTooLarge = () =>
  new AppError('head-too-large', 'head-too-large', 'The path and the headers are too long.');

/** For a request whose headers take too long to arrive. */
export const requestOverdue = () => new AppError('overdue', 'overdue', 'The headers took too long to come.');

export const unknownExpectation = () =>
  new AppError(
    'unmet',
    'unknown-expectation',
    'The only value of Expect that this server knows is 100-continue.',
  );

export const notAZip = (detail: string) => new AppError('unsupported', 'not-a-zip', detail);

/** `entry` is the name in the archive, `reason` what is wrong with it. */
export const badArchive = (entry: string | null, reason: string) =>
  new AppError(
    'unprocessable',
    'bad-archive',
    entry === null ? reason : `${JSON.stringify(entry)}: ${reason}`,
  );

/**
 * A limit of the solution, of its account or of the server's disk is used up for now. `members`: which limit, and how
 * much of it is used.
 */
export const quotaSpent = (
  detail: string,
  members: Readonly<Record<string, unknown>>,
  retryAfterSeconds: number,
) => new AppError('too-many', 'too-many-requests', detail, { members, retryAfterSeconds });

/** The request alone is larger than a limit, so it does not help to try again. */
export const beyondQuota = (detail: string, members: Readonly<Record<string, unknown>>) =>
  new AppError('too-large', 'too-large', detail, { members });

export const idempotencyKeyReused = () =>
  new AppError(
    'unprocessable',
    'idempotency-key-reused',
    'This Idempotency-Key has already been used with another archive.',
  );

export const otherSync = (atHand: string) =>
  new AppError('conflict', 'other-sync', 'The channel is at another sync.', { members: { sync: atHand } });

export const noSync = () => new AppError('absent', 'no-sync', 'This channel has had no sync yet.');

export const unknownPhoto = () => new AppError('absent', 'unknown-photo', 'The server has no such photo.');

/** For a range that is outside a file of this many bytes. */
export const rangeNotSatisfiable = (bytes: number) =>
  new AppError('out-of-range', 'range-not-satisfiable', `The range begins beyond the file's ${bytes} bytes.`);

/** Another worker has taken over the job, so we must not change its rows. Never reaches a client. */
export const fenceLost = (jobId: string) =>
  new AppError('conflict', 'fence-lost', `Job ${jobId} was taken over by another worker.`);

// Resumable uploads (tus)

export const unknownUpload = () =>
  new AppError(
    'absent',
    'unknown-upload',
    'There is no such upload. It may have been finished or refused, or it may have expired.',
  );

export const offsetMismatch = () =>
  new AppError(
    'conflict',
    'offset-mismatch',
    'Upload-Offset is not the current offset of the upload. Ask for it with HEAD.',
  );

export const tusVersion = () =>
  new AppError('stale', 'tus-version', 'The header Tus-Resumable is missing or is not 1.0.0.');

export const wrongUploadType = () =>
  new AppError(
    'unsupported',
    'wrong-content-type',
    'PATCH needs Content-Type: application/offset+octet-stream.',
  );

// Backoffice

/** One text for an unknown e-mail and for a wrong password: they must not be told apart. */
export const badStaffCredentials = () =>
  new AppError('unauthenticated', 'bad-credentials', 'Unknown e-mail or wrong password.');

/** The password is right, and the account has a second factor. */
export const secondFactorNeeded = () =>
  new AppError('unauthenticated', 'second-factor-needed', 'The code of the second factor is needed.');

/** The configuration demands a second factor, and the account has none yet: it is set up on the console. */
export const secondFactorMissing = () =>
  new AppError('forbidden', 'second-factor-missing', 'Set up a second factor first, on the console.');

/** The configuration lets people sign in through the identity provider alone. */
export const passwordsOff = () =>
  new AppError('forbidden', 'passwords-off', 'Sign in through the identity provider.');

/** A page of another site made the browser send this, with our cookie. */
export const crossSite = () =>
  new AppError('forbidden', 'cross-site', 'This call came from a page of another site.');

/** Why a sign-in through the identity provider is refused. */
export const signInRefusals = {
  refused: 'The identity provider did not confirm who you are.',
  expired: 'The sign-in took too long, was begun in another browser, or has been used already. Start again.',
  unverified: 'The identity provider has not verified your e-mail address.',
  unknown: 'Nobody here has your e-mail address. Ask an admin to add you.',
  'other-person': 'Your e-mail address belongs to another person of the identity provider. Ask an admin.',
  'no-role': 'The identity provider gives you no role here. Ask an admin.',
} as const;
export type SignInRefusal = keyof typeof signInRefusals;

export const signInRefused = (reason: SignInRefusal) =>
  new AppError('unauthenticated', 'sign-in-refused', signInRefusals[reason], { members: { reason } });

export const identityProviderAway = () =>
  new AppError('unavailable', 'identity-provider-away', 'The identity provider cannot be reached.', {
    retryAfterSeconds: 30,
  });

export const forbidden = () => new AppError('forbidden', 'forbidden', 'Your role does not allow this.');

/** Also used for things that exist but belong to another account. */
export const notFound = (what: string) => new AppError('absent', 'not-found', `There is no such ${what}.`);

export const staleVersion = (version: number | string) =>
  new AppError('stale', 'stale', 'It has changed since you read it.', { members: { version } });

export const invalidFields = (problems: readonly FieldProblem[]) => new InvalidFields(problems);

export const editedBySolution = (className: string) =>
  new AppError('forbidden', 'forbidden', `Only the solution edits ${className}.`);

export const alreadyExists = (what: string) =>
  new AppError('conflict', 'already-exists', `This ${what} exists already.`);

/** A class that describes one kitchen, or that only solutions edit. */
export const notInTemplates = (className: string) =>
  new AppError('unprocessable', 'not-in-templates', `A template cannot hold ${className}.`);

/** A kitchen follows one template at most. */
export const followsOtherTemplate = (solutionId: number, templateName: string) =>
  new AppError(
    'conflict',
    'follows-other-template',
    `Solution ${solutionId} follows the template "${templateName}". It has to leave that one first.`,
    { members: { solution: String(solutionId), template: templateName } },
  );

export const lastAdmin = () =>
  new AppError('conflict', 'last-admin', 'At least one admin who can sign in must remain.');

/** Nothing goes to an e-mail address whose owner has not said yes. */
export const addressNotConfirmed = () =>
  new AppError(
    'conflict',
    'not-confirmed',
    'This address is not confirmed yet: its owner has to open the link in the e-mail that was sent to it.',
  );

export const addressConfirmed = () =>
  new AppError('conflict', 'already-confirmed', 'This address is confirmed already.');

/** It cannot be processed again. */
export const notReplayable = (code: NotReplayable) =>
  new ReasonedError('conflict', 'not-replayable', { code, values: {} });

type NotReplayable =
  | 'upload-not-kept'
  | 'row-not-kept'
  | 'entity-not-kept'
  | 'file-not-in-upload'
  | 'notification-not-given-up'
  | 'work-is-done'
  | 'work-is-under-way';

/** A file from a stick that cannot be taken in. */
export const offlineFileRefused = (code: OfflineFileRefusal) =>
  new ReasonedError('unprocessable', 'bad-offline-file', { code, values: {} });

type OfflineFileRefusal =
  | 'offline-not-one'
  | 'offline-newer-version'
  | 'offline-cut-off'
  | 'offline-not-authentic'
  | 'offline-bad-contents'
  | 'offline-unknown-solution'
  | 'offline-other-device'
  | 'offline-wrong-direction';

/** Something in it is still being processed. */
export const offlineNotReady = () =>
  new AppError(
    'conflict',
    'offline-not-ready',
    'The server is still processing this file. Try again in a moment.',
  );

export const alreadyDecided = () =>
  new AppError('conflict', 'already-decided', 'This has been decided already.');

/**
 * The device has a newer copy, which the server could not read. This edit would overwrite it. `quarantined`: the id of
 * that item.
 */
export const newerCopyWaits = (quarantined: string) =>
  new AppError(
    'conflict',
    'newer-copy-waits',
    'A newer copy from the kitchen is in quarantine. Correct it and process it again, or discard it. Then edit.',
    { members: { quarantined } },
  );

// Systems and pairs

/** `by`: the names of those that use it. */
export const stillInUse = (what: string, by: readonly string[]) =>
  new AppError('conflict', 'in-use', `The ${what} is needed by ${by.join(', ')}.`, { members: { by } });

/** `state`: of the plan. */
export const planNotReady = (state: string) =>
  new AppError('conflict', 'not-ready', `The plan is ${state}. Ask for a new one.`, {
    members: { state },
  });

/** `state`: of the rollout, and its current wave. */
export const rolloutNotReady = (state: string, wave: number) =>
  new AppError('conflict', 'not-ready', `The rollout is ${state}, at wave ${wave}.`, {
    members: { state, wave },
  });

/** A call about the link was begun, and its result is not known yet. */
export const linkUnsettled = () =>
  new AppError('conflict', 'unsettled', 'A call about this link is in progress. Try again in a moment.');

/** No worker took the request, or the system did not answer. The request may still be carried out. */
export const noAnswerInTime = (seconds: number) =>
  new AppError(
    'unanswered',
    'no-answer',
    `There was no answer within ${seconds} seconds. Is a worker running? It may still be done.`,
  );

/** The path exists, but only for these methods. `allowed`: names of methods, in capitals. */
export const methodNotAllowed = (allowed: readonly string[]) =>
  new AppError('wrong-method', 'method-not-allowed', `This path accepts ${allowed.join(', ')}.`, {
    allowedMethods: allowed,
  });

/** For a body that would otherwise be taken for an empty one. `mediaTypes`: the types that the call accepts. */
export const wrongBodyType = (mediaTypes: readonly string[]) =>
  new AppError(
    'unsupported',
    'wrong-content-type',
    `The body needs Content-Type: ${mediaTypes.join(' or ')}.`,
  );

// Files of a package

/** Each gives the line at which reading stopped. The first line is 1. */
export type XmlReason = Reason<Extract<ReasonCode, `xml-${string}`>>;

/** The whole file is refused. */
export const malformedXml = (reason: XmlReason) =>
  new ReasonedError('unprocessable', 'malformed-xml', reason, { line: reason.values.line });

/**
 * The whole sync is refused at the first attempt, because another attempt would have the same result. Never reaches a
 * client.
 */
export const tooManyRejections = (most: number) =>
  new ReasonedError('unprocessable', 'too-many-rejections', {
    code: 'too-many-rejections',
    values: { most },
  });

// The interface of sosync

/** `parameter`: its name; `reason`: the end of a sentence that begins with it. */
export const sosyncParameter = (parameter: string, reason: string) =>
  new AppError('invalid', 'bad-parameter', `${parameter} ${reason}.`, { members: { parameter } });

export const unknownModel = (model: string, system: string) =>
  new AppError(
    'invalid',
    'unknown-model',
    `No pair of this instance has the model "${model}" of ${system}.`,
    {
      members: { parameter: 'source_model' },
    },
  );

/** `mediaTypes`: what the call can be answered with. */
export const notAcceptable = (mediaTypes: readonly string[]) =>
  new AppError('unacceptable', 'not-acceptable', `The answer can be ${mediaTypes.join(' or ')}.`);

export const badApiKey = () =>
  new AppError(
    'unauthenticated',
    'unauthorized',
    'The header X-Api-Key has to hold the key of this service.',
  );

/** No time server could be reached. */
export const noTimeServer = () =>
  new AppError('unavailable', 'no-time-server', 'No NTP server could be reached.', { retryAfterSeconds: 60 });

export const unknownVersion = () =>
  new AppError('unavailable', 'unknown-version', 'It is not known from which commit this program was built.');

/** Others changed the same records again and again. */
export const cannotTakeNow = () =>
  new AppError('unavailable', 'unavailable', 'Others change the same records at this moment.', {
    retryAfterSeconds: 1,
  });
