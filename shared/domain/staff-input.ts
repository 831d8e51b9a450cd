import type { FieldFault, FieldProblem } from './field-fault';
import { isTimeZone } from './known-zone';

// Checks what staff enter about a solution or a user, in the console, over REST or on the command line.

/** Only checks for text, an @, text, and no blanks. Mail servers decide the rest. */
export const isMailAddress = (text: string): boolean => /^\S+@\S+$/.test(text);

/** In characters. */
const longest = { mail: 320, name: 200 } as const;

export interface SolutionText {
  readonly mail?: string | undefined;
  readonly name?: string | undefined;
  readonly timezone?: string | undefined;
}

/** Removes blanks at both ends. Absent values stay absent. */
export const trimmed = <T extends SolutionText>(written: T): T => ({
  ...written,
  ...(written.mail === undefined ? {} : { mail: written.mail.trim() }),
  ...(written.name === undefined ? {} : { name: written.name.trim() }),
  ...(written.timezone === undefined ? {} : { timezone: written.timezone.trim() }),
});

/** The problems of the input; empty if it can be accepted. */
export const solutionProblems = ({ mail, name, timezone }: SolutionText): FieldProblem[] =>
  problemsOf({
    mail: mail === undefined ? null : mailFault(mail),
    name: name === undefined ? null : textFault(name, longest.name),
    timezone: timezone === undefined || isTimeZone(timezone) ? null : { code: 'not-a-time-zone' },
  });

/** The problems of the input; empty if it is accepted. */
export const userProblems = ({ email }: { readonly email: string }): FieldProblem[] =>
  problemsOf({ email: mailFault(email) });

/** The problems of the input; empty if it is accepted. */
export const accountProblems = ({ name }: { readonly name: string }): FieldProblem[] =>
  problemsOf({ name: textFault(name, longest.name) });

const problemsOf = (faults: Readonly<Record<string, FieldFault | null>>): FieldProblem[] =>
  Object.entries(faults).flatMap(([field, fault]) => (fault === null ? [] : [{ field, fault }]));

function mailFault(mail: string): FieldFault | null {
  return textFault(mail, longest.mail) ?? (isMailAddress(mail) ? null : { code: 'not-an-email' });
}

/** PostgreSQL can store neither NUL nor half of a surrogate pair. */
function textFault(text: string, most: number): FieldFault | null {
  if (text === '') return { code: 'empty' };
  if (text.length > most) return { code: 'too-long', most };
  return /^[^\0\p{Surrogate}]*$/u.test(text) ? null : { code: 'character-not-kept' };
}
