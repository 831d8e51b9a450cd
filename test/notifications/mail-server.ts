import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { createMailer } from '../../worker/notifications/send-mail';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

export type MailServer = Awaited<ReturnType<typeof startMailServer>>;

/** A real mail server. `state.refuses`: it takes nothing. */
export async function startMailServer() {
  const received: ReceivedMail[] = [];
  const state = { refuses: false };
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    onAuth({ username, password }, _session, done) {
      if (username === 'epack' && password === 'p@ss') done(null, { user: username });
      else done(new Error('Invalid username or password'));
    },
    onRcptTo(_address, _session, done) {
      done(state.refuses ? Object.assign(new Error('Mailbox is full'), { responseCode: 452 }) : null);
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  const url = `smtp://127.0.0.1:${port}`;
  return {
    port,
    url,
    received,
    state,
    /** The mailer of the worker. */
    mailer: (by = url) =>
      createMailer({
        url: by,
        authority: null,
        from: 'ePack <epack@example.org>',
        timeoutMilliseconds: 5_000,
      }),
    stop: () => new Promise<void>((resolve) => server.close(resolve)),
  };
}

export const headersOf = ({ text }: ReceivedMail) => text.slice(0, text.indexOf('\r\n\r\n'));

/** Quoted-printable in UTF-8, as mails with accents are; or base64. */
export function bodyOf({ text }: ReceivedMail): string {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  if (/^content-transfer-encoding: base64/im.test(text)) return Buffer.from(body, 'base64').toString('utf8');
  if (!/quoted-printable/i.test(text)) return body;
  const joined = body.replaceAll('=\r\n', '');
  const bytes = joined.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The subject, decoded. */
export function subjectOf(mail: ReceivedMail): string {
  const unfolded = headersOf(mail).replace(/\r\n[ \t]+/g, ' ');
  const written = /^Subject: (.*)$/m.exec(unfolded)?.[1]?.trim() ?? '';
  return written
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?UTF-8\?([QB])\?([^?]*)\?=/gi, (_, kind: string, text: string) =>
      kind.toUpperCase() === 'B'
        ? Buffer.from(text, 'base64').toString('utf8')
        : Buffer.from(
            text
              .replaceAll('_', ' ')
              .replace(/=([0-9A-F]{2})/g, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
            'latin1',
          ).toString('utf8'),
    );
}
