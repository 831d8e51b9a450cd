import type { Db } from '../../shared/db/database';
import { backoffMs } from '../../shared/domain/backoff';
import type { Language } from '../../shared/domain/language';
import type { StaffMailKind } from '../../shared/domain/staff-mail';
import type { Logger } from '../../shared/log';
import { createStaffMailStore, type StaffMail } from '../../shared/stores/staff/staff-mail-store';
import type { Mailer } from './send-mail';

interface Deps {
  readonly db: Db;
  /** Null: no mail server is configured. */
  readonly sendMail: Mailer | null;
  readonly language: Language;
  readonly log: Pick<Logger, 'warn'>;
}

const mostAtOnce = 20;
const leaseSeconds = 120;
/** The last attempt is about a day after the first one. A later mail would only confuse its reader. */
const mostAttempts = 10;
const backoff = { firstMs: 60_000, maxMs: 6 * 3_600_000 };

/** Mails to staff about their own accounts: a changed password, a second factor. Returns how many were sent. */
export async function sendStaffMails({ db, sendMail, language, log }: Deps): Promise<number> {
  if (sendMail === null) return 0;
  const mails = createStaffMailStore(db);
  let sent = 0;
  for (const mail of await mails.claim(mostAtOnce, leaseSeconds)) {
    try {
      await sendMail({ to: mail.to, id: mail.id, ...staffLetter(mail, language) });
      await mails.remove(mail.id);
      sent += 1;
    } catch (error) {
      log.warn({ err: error, mail: mail.id, attempts: mail.attempts }, 'a mail about an account is not out');
      if (mail.attempts >= mostAttempts) await mails.remove(mail.id);
      else await mails.retryLater(mail.id, backoffMs(mail.attempts, backoff) / 1000);
    }
  }
  return sent;
}

function staffLetter({ kind, doneBy, occurredAt }: StaffMail, language: Language) {
  const words = letters[language];
  const when = occurredAt.toISOString().replace('T', ' ').slice(0, 16);
  const text = [words.what[kind], words.when(when, doneBy), words.advice].join('\n\n');
  return { subject: `[ePack] ${words.what[kind]}`, text: `${text}\n` };
}

interface Words {
  readonly what: Readonly<Record<StaffMailKind, string>>;
  readonly when: (when: string, doneBy: string | null) => string;
  readonly advice: string;
}

const letters: Readonly<Record<Language, Words>> = {
  en: {
    what: {
      'password-changed': 'Your password has been changed',
      'second-factor-on': 'A second factor has been set up for your account',
      'second-factor-off': 'The second factor of your account has been removed',
    },
    when: (when, doneBy) => `On ${when} (UTC)${doneBy === null ? '' : `, by ${doneBy}`}.`,
    advice: 'If you know nothing of it, tell an admin at once: someone else may be using your account.',
  },
  fr: {
    what: {
      'password-changed': 'Votre mot de passe a été changé',
      'second-factor-on': 'Un second facteur a été configuré pour votre compte',
      'second-factor-off': 'Le second facteur de votre compte a été retiré',
    },
    when: (when, doneBy) => `Le ${when} (UTC)${doneBy === null ? '' : `, par ${doneBy}`}.`,
    advice:
      'Si vous n’y êtes pour rien, prévenez tout de suite un administrateur : quelqu’un d’autre utilise peut-être votre compte.',
  },
};
