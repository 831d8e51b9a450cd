import { createHmac } from 'node:crypto';

export interface SignedParts {
  readonly appId: string;
  readonly nonce: string;
  /** The time as it is sent beside the signature. */
  readonly time: string;
}

/** The usual form is `64:{appId}:{nonce}:{time}`; only one source describes it, so a setting can change it. */
export const signedText = (form: string, { appId, nonce, time }: SignedParts): string =>
  form.replaceAll(/\{(appId|nonce|time)\}/g, (_, name: string) =>
    name === 'appId' ? appId : name === 'nonce' ? nonce : time,
  );

/** `HMAC512Signature` of a token request. `apiKey`: in base64, as it is given out. */
export const signatureOf = (apiKey: string, form: string, parts: SignedParts): string =>
  createHmac('sha512', Buffer.from(apiKey, 'base64')).update(signedText(form, parts)).digest('base64');

/** ISO, UTC, with seven decimals: `2026-08-30T00:00:00.0000000Z`. */
export const requestTime = (at: Date): string => at.toISOString().replace('Z', '0000Z');
