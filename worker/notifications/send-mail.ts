import { createTransport } from 'nodemailer';
import { isNativeError } from 'node:util/types';

export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The same at every attempt, so that a mail that arrives twice can be recognised. */
  readonly id: string;
}

/** Sends a mail. Throws `MailServerAway`, or an error with the answer of the mail server. */
export type Mailer = (mail: Mail) => Promise<void>;

export interface MailSettings {
  /** `smtp://` (with STARTTLS where the server has it) or `smtps://`, with user and password where it needs them. */
  readonly url: string;
  /** Whose certificates are believed, in PEM; null: the usual ones. */
  readonly authority: string | null;
  readonly from: string;
  /** For each step of a conversation with the server. */
  readonly timeoutMilliseconds: number;
}

/** The mail server was not reached or sent no usable answer. The message is for the log of the operator. */
export class MailServerAway extends Error {}

/** The only door to nodemailer. */
export function createMailer({ url, authority, from, timeoutMilliseconds }: MailSettings): Mailer {
  const transport = createTransport({
    url,
    ...(authority === null ? {} : { tls: { ca: authority } }),
    connectionTimeout: timeoutMilliseconds,
    greetingTimeout: timeoutMilliseconds,
    socketTimeout: timeoutMilliseconds,
    dnsTimeout: timeoutMilliseconds,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s<>@]+?)>?$/.exec(from)?.[1] ?? 'localhost';
  return async ({ to, subject, text, id }) => {
    const message = {
      from,
      // Not as a text, which may be a list.
      to: { name: '', address: to },
      subject,
      text,
      messageId: `<${id}@${domain}>`,
      // Prevents automatic replies.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
    };
    await transport.sendMail(message).catch((error: unknown) => {
      // What the server answered has the code of its answer.
      const isAway = isNativeError(error) && !('responseCode' in error);
      throw isAway ? new MailServerAway(error.message) : error;
    });
  };
}
