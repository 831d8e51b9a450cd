import { createHmac } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { faultText } from '../../shared/domain/field-fault';
import type { Reason } from '../../shared/domain/reason';
import { reasonText } from '../../shared/domain/reason-english';
import { mayBeCalled, type WebhookRules, webhookUrlProblem } from '../../shared/notifications/webhook-rules';

export interface WebhookCall {
  readonly url: string;
  /** The id of the notification. It is the same at every attempt, so that the receiver can recognise a repetition. */
  readonly id: string;
  readonly body: string;
  /** `whsec_…`; each signs. */
  readonly secrets: readonly string[];
}

export interface WebhookLimits extends WebhookRules {
  /** For the whole call: name look-up, connection, TLS and answer. */
  readonly timeoutMilliseconds: number;
  /** Addresses of a name. Another one than the system's for tests. */
  readonly resolve?: (host: string) => Promise<LookupAddress[]>;
}

/**
 * Why a call failed. `why` is shown to users: it only contains the status of the answer, and it is the same for every
 * server that was not reached, so that nobody can explore our network.
 */
export class WebhookFailure extends Error {
  constructor(
    readonly why: Reason,
    /** For the log of the operator alone. */
    readonly reason: string,
    /** The receiver has answered that it wants no further calls. */
    readonly isGone = false,
  ) {
    super(reasonText(why));
    this.name = 'WebhookFailure';
  }
}

/**
 * Calls a webhook, signed as Standard Webhooks says. Resolves at any status 2xx; throws `WebhookFailure` else. No redirect is
 * followed and no body of an answer is read. The addresses that are connected to are those that were looked at: a
 * name that leads elsewhere a moment later gains nothing.
 */
export async function callWebhook(call: WebhookCall, limits: WebhookLimits): Promise<void> {
  const fault = webhookUrlProblem(call.url, limits);
  if (fault !== null) throw notReached(`The URL ${faultText(fault)}.`);
  const status = await post(new URL(call.url), call, limits);
  if (status >= 200 && status < 300) return;
  throw answered(status);
}

function answered(status: number): WebhookFailure {
  const why: Reason = {
    code: status >= 300 && status < 400 ? 'webhook-redirects' : 'webhook-answered',
    values: { status },
  };
  return new WebhookFailure(why, reasonText(why), status === 410);
}

const notReached = (reason: string) =>
  new WebhookFailure({ code: 'webhook-unreachable', values: {} }, reason);

/** Source: Standard Webhooks, https://www.standardwebhooks.com: `v1,` and HMAC-SHA256 over id, time and body, in base64. */
export function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}

async function post(url: URL, call: WebhookCall, limits: WebhookLimits): Promise<number> {
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const signal = AbortSignal.timeout(limits.timeoutMilliseconds);
  return new Promise((resolve, reject) => {
    const request = send(url, {
      method: 'POST',
      // A connection of its own: none is kept that was made when the name led elsewhere.
      agent: false,
      headers: headersOf(call),
      lookup: guardedLookup(limits),
      maxHeaderSize: 16 * 1024,
      signal,
    });
    request.once('response', (response) => {
      resolve(response.statusCode ?? 0);
      // The body of the answer is not read. It could be endless.
      response.destroy();
      request.destroy();
    });
    request.once('error', (error) =>
      reject(signal.aborted ? notReached('Did not answer in time.') : failureOf(error)),
    );
    request.end(call.body);
  });
}

function headersOf({ id, body, secrets }: WebhookCall): Record<string, string> {
  const timestamp = Math.floor(Date.now() / 1000);
  return {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': 'ePack-webhooks/1',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': secrets.map((secret) => signatureOf(secret, id, timestamp, body)).join(' '),
  };
}

/** Gives the connection only addresses that may be called. (An address in the URL itself is never looked up; the URL has been checked.) */
function guardedLookup({ resolve = resolveAll, ...rules }: WebhookLimits): LookupFunction {
  return (host, { all }, callback) => {
    resolve(host).then(
      (found) => {
        const allowed = found.filter(({ address }) => mayBeCalled(address, rules));
        const [first] = allowed;
        if (first === undefined) callback(notReached(refusal(host, found)), '');
        else if (all === true) callback(null, allowed);
        else callback(null, first.address, first.family);
      },
      (error: unknown) => callback(error instanceof Error ? error : notReached('The name is unknown.'), ''),
    );
  };
}

const refusal = (host: string, found: readonly LookupAddress[]) =>
  found.length === 0 ? `The name ${host} is unknown.` : `The name ${host} leads to a private address.`;

const resolveAll = (host: string) => lookup(host, { all: true, verbatim: true });

/** Describes codes of the system and of TLS. The original text of an error may contain internal details. */
function failureOf(error: Error): WebhookFailure {
  if (error instanceof WebhookFailure) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
  return notReached(`${words[code] ?? 'The call failed'} (${code}).`);
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody listens there',
  ECONNRESET: 'The connection was cut',
  EHOSTUNREACH: 'The machine cannot be reached',
  ENETUNREACH: 'The network cannot be reached',
  ENOTFOUND: 'The name is unknown',
  EAI_AGAIN: 'The name cannot be looked up now',
  HPE_HEADER_OVERFLOW: 'The answer is too long',
  CERT_HAS_EXPIRED: 'The certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'The certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'The certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'The certificate is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'The certificate is of another name',
};
