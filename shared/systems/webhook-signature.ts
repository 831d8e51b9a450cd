import { createHmac, timingSafeEqual } from 'node:crypto';

/** The headers of a webhook that can hold its signature, in lower case. */
export type SignatureHeaders = Readonly<Record<'signature' | 'x-signature', string | undefined>>;

/** `unsigned`: the call has no signature. */
export type SignatureVerdict = 'valid' | 'invalid' | 'unsigned';

/**
 * Checks the signature of a call of an EspoCRM: `Signature: base64(webhookId + ':' + hex(HMAC-SHA256(body,
 * secretKey)))`, before version 9 `X-Signature` with the digest as bytes. `keyOf`: the secret key of a webhook, by its
 * id there. Source: EspoCRM, Core/Webhook/Sender.php.
 */
export function judgeEspocrmSignature(
  body: Uint8Array,
  headers: SignatureHeaders,
  keyOf: (webhookId: string) => string | undefined,
): SignatureVerdict {
  const signed = headers.signature ?? headers['x-signature'];
  if (signed === undefined) return 'unsigned';
  const bytes = Buffer.from(signed, 'base64');
  const colon = bytes.indexOf(':');
  if (colon < 1) return 'invalid';
  const key = keyOf(bytes.subarray(0, colon).toString('utf8'));
  if (key === undefined) return 'invalid';
  const digest = createHmac('sha256', key).update(body).digest();
  const given = bytes.subarray(colon + 1);
  return isEqual(given, Buffer.from(digest.toString('hex'))) || isEqual(given, digest) ? 'valid' : 'invalid';
}

const isEqual = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);
