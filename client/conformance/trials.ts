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
  /** How many of these requests are meddled with. */
  readonly times: number;
  readonly meddling: Meddling;
  /** What a good solution does, beside coming to its end. Returns what it did wrong, or null. */
  readonly fault?: (asked: readonly Asked[]) => string | null;
}

const upload = { method: 'POST', call: /\/datas$/ };
const status = { method: 'GET', call: /\/statut/ };
const ids = { method: 'GET', call: /\/lastIdLogs$/ };
const fetching = { method: 'GET', call: /\/datas$/ };
const confirming = { method: 'POST', call: /\/confirm$/ };

const problem = (statusCode: number, code: string, headers: Readonly<Record<string, string>>): Meddling => ({
  kind: 'instead',
  status: statusCode,
  headers: { 'Content-Type': 'application/problem+json', ...headers },
  body: JSON.stringify({
    type: `urn:epack:problem:${code}`,
    title: code,
    status: statusCode,
    detail: code,
    code,
  }),
});

const portal: Meddling = {
  kind: 'instead',
  status: 200,
  headers: { 'Content-Type': 'text/html' },
  body: '<html><body>Welcome to the hotel. Please sign in.</body></html>',
};

/** Every trial, in the order in which they run. */
export const trials: readonly Trial[] = [
  {
    id: 'slow',
    title: { en: 'Slow responses', fr: 'Des réponses lentes' },
    ...{ on: status, times: 2, meddling: { kind: 'slow', milliseconds: 1500 } },
  },
  {
    id: 'upload-cut',
    title: { en: 'The connection breaks during the upload', fr: 'La connexion se coupe pendant l’envoi' },
    ...{ on: upload, times: 1, meddling: { kind: 'cut-before' } },
  },
  {
    id: 'upload-response-lost',
    title: { en: 'The response to the upload is lost', fr: 'La réponse à l’envoi se perd' },
    ...{ on: upload, times: 1, meddling: { kind: 'lose-response' } },
  },
  {
    id: 'server-error',
    title: { en: 'An error 500 that is no JSON', fr: 'Une erreur 500 qui n’est pas du JSON' },
    ...{ on: status, times: 2 },
    meddling: { kind: 'instead', status: 500, headers: { 'Content-Type': 'text/plain' }, body: 'Oops' },
  },
  {
    id: 'unavailable',
    title: { en: '503 with Retry-After', fr: 'Un 503 avec Retry-After' },
    ...{ on: upload, times: 1, meddling: problem(503, 'unavailable', { 'Retry-After': '2' }) },
    fault: (asked) => cameBackEarly(asked, upload, 2),
  },
  {
    id: 'too-many-requests',
    title: { en: '429 with Retry-After', fr: 'Un 429 avec Retry-After' },
    ...{ on: ids, times: 1, meddling: problem(429, 'too-many-requests', { 'Retry-After': '2' }) },
    fault: (asked) => cameBackEarly(asked, ids, 2),
  },
  {
    id: 'captive-portal',
    title: { en: 'A page of a hotel instead of JSON', fr: 'Une page d’hôtel au lieu du JSON' },
    ...{ on: ids, times: 1, meddling: portal },
  },
  {
    id: 'stuck-at-1',
    title: { en: 'A status that stays at 1 for a while', fr: 'Un statut qui reste un moment à 1' },
    ...{ on: status, times: 3 },
    meddling: {
      kind: 'instead',
      status: 200,
      headers: { 'Content-Type': 'application/json', 'Epack-Poll-After': '1' },
      body: '"1"',
    },
  },
  {
    id: 'package-truncated',
    title: { en: 'A package that is cut off', fr: 'Un paquet coupé' },
    ...{ on: fetching, times: 1, meddling: { kind: 'truncate' } },
    fault: confirmedUnread,
  },
  {
    id: 'package-damaged',
    title: { en: 'A package with a changed byte', fr: 'Un paquet dont un octet a changé' },
    ...{ on: fetching, times: 1, meddling: { kind: 'alter', change: withChangedByte } },
    fault: confirmedUnread,
  },
  {
    id: 'redirected',
    title: { en: 'A redirection to another server', fr: 'Une redirection vers un autre serveur' },
    ...{ on: status, times: 1 },
    meddling: { kind: 'instead', status: 302, headers: { Location: 'http://redirected.invalid/' }, body: '' },
  },
  {
    id: 'token-expired',
    title: { en: 'A token that has expired', fr: 'Un jeton expiré' },
    ...{ on: ids, times: 1, meddling: problem(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' }) },
  },
  {
    id: 'confirmation-response-lost',
    title: { en: 'The response to the confirmation is lost', fr: 'La réponse à la confirmation se perd' },
    ...{ on: confirming, times: 1, meddling: { kind: 'lose-response' } },
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
