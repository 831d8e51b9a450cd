import type { Reply } from './wire';

/** A request of the solution under test. */
export interface Asked {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly atMs: number;
  /** True: what the solution got was not what the server said. */
  readonly isMeddled: boolean;
}

/** What the solution gets instead of the server's response. */
export type Meddling =
  | { readonly kind: 'cut-before' }
  /** The server gets the request; its response is lost. */
  | { readonly kind: 'lose-response' }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** Half of the body, then the connection breaks. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'alter'; readonly change: (reply: Reply) => Buffer }
  | { readonly kind: 'headers'; readonly headers: Readonly<Record<string, string>> }
  /** The server is asked for another range than the solution asks for; null: for the whole. */
  | { readonly kind: 'range'; readonly asked: string | null }
  | {
      readonly kind: 'instead';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
    };

/** One awkward behaviour of a server or a network. */
export interface Trial {
  readonly id: string;
  readonly title: { readonly en: string; readonly fr: string };
  /** e.g. `POST datas`. */
  readonly on: { readonly method: string; readonly call: RegExp };
  /** What happens to these requests, one after another. Those that follow are left alone. */
  readonly meddlings: readonly Meddling[];
  /** What a good solution does, beside coming to its end. Returns what it did wrong, or null. */
  readonly fault?: (asked: readonly Asked[]) => string | null;
}

const upload = { method: 'POST', call: /\/datas$/ };
const status = { method: 'GET', call: /\/statut/ };
const ids = { method: 'GET', call: /\/lastIdLogs$/ };
const fetching = { method: 'GET', call: /\/datas$/ };
const confirming = { method: 'POST', call: /\/confirm$/ };

const problem = (
  statusCode: number,
  code: string,
  headers: Readonly<Record<string, string>>,
  members: Readonly<Record<string, string>> = {},
): Meddling => ({
  kind: 'instead',
  status: statusCode,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({
    type: `urn:epack:problem:${code}`,
    title: code,
    status: statusCode,
    detail: code,
    code,
    ...members,
  }),
});

const portal: Meddling = {
  kind: 'instead',
  status: 200,
  headers: { 'Content-Type': 'text/html' },
  body: '<html><body>Welcome to the hotel. Please sign in.</body></html>',
};

const instead = (statusCode: number, headers: Readonly<Record<string, string>>, body: string): Meddling => ({
  kind: 'instead',
  status: statusCode,
  headers: { 'Content-Type': 'application/json', ...headers },
  body,
});

const repeated = (times: number, meddling: Meddling): readonly Meddling[] =>
  Array.from({ length: times }, () => meddling);

/** Every trial, in the order in which they run. */
export const trials: readonly Trial[] = [
  {
    id: 'slow',
    title: { en: 'Slow responses', fr: 'Des réponses lentes' },
    ...{ on: status, meddlings: repeated(2, { kind: 'slow', milliseconds: 1500 }) },
  },
  {
    id: 'upload-cut',
    title: { en: 'The connection breaks during the upload', fr: 'La connexion se coupe pendant l’envoi' },
    ...{ on: upload, meddlings: [{ kind: 'cut-before' }] },
  },
  {
    id: 'upload-response-lost',
    title: { en: 'The response to the upload is lost', fr: 'La réponse à l’envoi se perd' },
    ...{ on: upload, meddlings: [{ kind: 'lose-response' }] },
  },
  {
    id: 'server-error',
    title: { en: 'An error 500 that is no JSON', fr: 'Une erreur 500 qui n’est pas du JSON' },
    on: status,
    meddlings: repeated(2, {
      ...{ kind: 'instead', status: 500, headers: { 'Content-Type': 'text/plain' }, body: 'Oops' },
    }),
  },
  {
    id: 'unavailable',
    title: { en: '503 with Retry-After', fr: 'Un 503 avec Retry-After' },
    ...{ on: upload, meddlings: [problem(503, 'unavailable', { 'Retry-After': '2' })] },
    fault: (asked) => cameBackEarly(asked, upload, 2),
  },
  {
    id: 'too-many-requests',
    title: { en: '429 with Retry-After', fr: 'Un 429 avec Retry-After' },
    ...{ on: ids, meddlings: [problem(429, 'too-many-requests', { 'Retry-After': '2' })] },
    fault: (asked) => cameBackEarly(asked, ids, 2),
  },
  {
    id: 'captive-portal',
    title: { en: 'A page of a hotel instead of JSON', fr: 'Une page d’hôtel au lieu du JSON' },
    ...{ on: ids, meddlings: [portal] },
  },
  {
    id: 'stuck-at-1',
    title: { en: 'A status that stays at 1 for a while', fr: 'Un statut qui reste un moment à 1' },
    on: status,
    meddlings: repeated(3, instead(200, { 'Epack-Poll-After': '1' }, '"1"')),
  },
  {
    id: 'package-truncated',
    title: { en: 'A package that is cut off', fr: 'Un paquet coupé' },
    ...{ on: fetching, meddlings: [{ kind: 'truncate' }] },
    fault: confirmedUnread,
  },
  {
    id: 'package-damaged',
    title: { en: 'A package with a changed byte', fr: 'Un paquet dont un octet a changé' },
    ...{ on: fetching, meddlings: [{ kind: 'alter', change: withChangedByte }] },
    fault: confirmedUnread,
  },
  {
    id: 'redirected',
    title: { en: 'A redirection to another server', fr: 'Une redirection vers un autre serveur' },
    on: status,
    meddlings: [
      { kind: 'instead', status: 302, headers: { Location: 'http://redirected.invalid/' }, body: '' },
    ],
  },
  {
    id: 'token-expired',
    title: { en: 'A token that has expired', fr: 'Un jeton expiré' },
    ...{ on: ids, meddlings: [problem(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' })] },
  },
  {
    id: 'confirmation-response-lost',
    title: { en: 'The response to the confirmation is lost', fr: 'La réponse à la confirmation se perd' },
    ...{ on: confirming, meddlings: [{ kind: 'lose-response' }] },
  },
  {
    id: 'package-comes-again',
    title: {
      en: 'A confirmation that the server forgets: the same package comes again',
      fr: 'Une confirmation que le serveur oublie : le même paquet revient',
    },
    ...{ on: confirming, meddlings: [instead(200, {}, '{"statut":"0"}')] },
  },
  {
    id: 'package-range-ignored',
    title: {
      en: 'The rest of a package is asked for, and the whole comes',
      fr: 'Le reste d’un paquet est demandé, et le paquet entier arrive',
    },
    ...{ on: fetching, meddlings: [{ kind: 'truncate' }, { kind: 'range', asked: null }] },
    fault: confirmedUnread,
  },
  {
    id: 'package-other-range',
    title: {
      en: 'The rest of a package is asked for, and another part comes',
      fr: 'Le reste d’un paquet est demandé, et une autre partie arrive',
    },
    ...{ on: fetching, meddlings: [{ kind: 'truncate' }, { kind: 'range', asked: 'bytes=1-' }] },
    fault: confirmedUnread,
  },
  {
    id: 'package-range-refused',
    title: { en: 'The rest of a package is refused', fr: 'Le reste d’un paquet est refusé' },
    on: fetching,
    meddlings: [{ kind: 'truncate' }, problem(416, 'range-not-satisfiable', {})],
    fault: confirmedUnread,
  },
  {
    id: 'server-clock-wrong',
    title: { en: 'A server whose clock is years off', fr: 'Un serveur dont l’horloge a des années d’écart' },
    on: status,
    meddlings: repeated(3, { kind: 'headers', headers: { date: 'Thu, 01 Jan 1970 00:00:00 GMT' } }),
  },
  {
    id: 'newer-server',
    title: {
      en: 'A log table that the solution does not know',
      fr: 'Une table de relevés que la solution ne connaît pas',
    },
    ...{ on: ids, meddlings: [{ kind: 'alter', change: withAnotherTable }] },
  },
  {
    id: 'channel-taken',
    title: {
      en: 'An upload that comes second: 403 wrong-status',
      fr: 'Un envoi arrivé en second : 403 wrong-status',
    },
    ...{ on: upload, meddlings: [problem(403, 'wrong-status', {}, { statut: '1' })] },
  },
  {
    id: 'digest-mismatch',
    title: { en: 'An upload that was damaged on the way', fr: 'Un envoi altéré en route' },
    ...{ on: upload, meddlings: [problem(400, 'digest-mismatch', {})] },
  },
  {
    id: 'other-sync',
    title: {
      en: 'A confirmation that is refused: 409 other-sync',
      fr: 'Une confirmation refusée : 409 other-sync',
    },
    ...{ on: confirming, meddlings: [problem(409, 'other-sync', {})] },
  },
];

const isIt = ({ method, call }: Trial['on'], asked: Asked): boolean =>
  asked.method === method && call.test(asked.path);

/** Retry-After counts in whole seconds. */
function cameBackEarly(asked: readonly Asked[], on: Trial['on'], seconds: number): string | null {
  const refused = asked.find((one) => one.isMeddled && isIt(on, one));
  const next = asked.find((one) => refused !== undefined && one.atMs > refused.atMs && isIt(on, one));
  if (refused === undefined || next === undefined) return null;
  const waited = (next.atMs - refused.atMs) / 1000;
  return waited < seconds - 0.1 ? `It came back after ${waited.toFixed(1)} s instead of ${seconds} s.` : null;
}

/** A package may be confirmed only after it was fetched whole. */
function confirmedUnread(asked: readonly Asked[]): string | null {
  const bad = asked.findIndex((one) => one.isMeddled);
  const good = asked.findIndex((one, place) => place > bad && isIt(fetching, one));
  const confirmed = asked.findIndex((one, place) => place > bad && isIt(confirming, one));
  return confirmed >= 0 && (good < 0 || confirmed < good)
    ? 'It confirmed a package that it had not received whole.'
    : null;
}

function withChangedByte({ body }: Reply): Buffer {
  const changed = Buffer.from(body);
  const place = Math.floor(changed.length / 2);
  changed[place] = (changed[place] ?? 0) ^ 0xff;
  return changed;
}

function withAnotherTable({ json, body }: Reply): Buffer {
  return typeof json === 'object' && json !== null
    ? Buffer.from(JSON.stringify({ ...json, Tbfromthefuture: '-1' }))
    : body;
}
