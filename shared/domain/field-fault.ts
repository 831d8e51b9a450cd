/** The problem of a field: a code with the values that its sentence needs. */
export type FieldFault =
  | { readonly code: 'not-a-field-name' }
  | { readonly code: 'not-well-formed'; readonly element: string }
  | { readonly code: 'not-a-value' }
  | { readonly code: 'not-a-single-value' }
  | { readonly code: 'character-not-in-xml' }
  | { readonly code: 'none-of'; readonly choices: readonly string[] }
  | { readonly code: 'not-a-number' }
  | { readonly code: 'not-a-whole-number' }
  | {
      readonly code: 'not-between';
      readonly min?: number | undefined;
      readonly max?: number | undefined;
      readonly unit?: string | undefined;
    }
  | { readonly code: 'neither-true-nor-false' }
  | { readonly code: 'not-a-date' }
  | { readonly code: 'not-a-time' }
  | { readonly code: 'too-much' }
  | { readonly code: 'not-an-id' }
  | { readonly code: 'no-such-class'; readonly className: string }
  | { readonly code: 'no-such-account'; readonly account: number }
  | { readonly code: 'account-needed' }
  | { readonly code: 'not-an-email' }
  | { readonly code: 'not-a-url' }
  | { readonly code: 'not-a-time-zone' }
  | { readonly code: 'empty' }
  | { readonly code: 'too-long'; readonly most: number }
  | { readonly code: 'character-not-kept' }
  | { readonly code: 'not-https'; readonly allowsHttp: boolean }
  | { readonly code: 'holds-credentials' }
  | { readonly code: 'private-address' }
  | { readonly code: 'photo-has-no-text' }
  | { readonly code: 'wrong-password' }
  | { readonly code: 'too-short'; readonly least: number }
  | { readonly code: 'like-the-email' }
  | { readonly code: 'common-password' }
  | { readonly code: 'same-password' }
  | { readonly code: 'wrong-code' }
  /** Policy `mac` and any MAC: a solution would sign in by its mail alone. */
  | { readonly code: 'no-proof-left' }
  | { readonly code: 'not-in-templates' }
  /** It belongs to another customer. The text must not reveal that. */
  | { readonly code: 'not-to-be-had' }
  /** Faults of values that only programs send. The text is English. */
  | { readonly code: 'other'; readonly text: string };

export interface FieldProblem {
  readonly field: string;
  readonly fault: FieldFault;
}

/** The problem in English, for programs: the end of a sentence that begins with the name of the field. */
export function faultText(fault: FieldFault): string {
  switch (fault.code) {
    case 'not-a-field-name':
      return 'not the name of a field';
    case 'not-well-formed':
      return `not well-formed <${fault.element}> elements`;
    case 'not-a-value':
      return 'not a value';
    case 'not-a-single-value':
      return 'not a single value';
    case 'character-not-in-xml':
      return 'holds a character that XML cannot hold';
    case 'none-of':
      return `none of ${fault.choices.join(', ')}`;
    case 'not-a-number':
      return 'not a number';
    case 'not-a-whole-number':
      return 'not a whole number';
    case 'not-between':
      return rangeText(fault);
    case 'neither-true-nor-false':
      return 'neither true nor false';
    case 'not-a-date':
      return 'not a date (YYYY-MM-DD)';
    case 'not-a-time':
      return 'not a time (YYYY-MM-DD hh:mm:ss)';
    case 'too-much':
      return 'too many, or too long, for one entity';
    case 'not-an-id':
      return 'is no Id';
    case 'no-such-class':
      return `${fault.className} is no class any more`;
    case 'no-such-account':
      return `there is no account ${fault.account}`;
    case 'account-needed':
      return 'is needed: it could be one of several, or none';
    case 'not-an-email':
      return 'is no e-mail address';
    case 'not-a-time-zone':
      return 'is no time zone, e.g. Europe/Paris';
    case 'empty':
      return 'is empty';
    case 'too-long':
      return `has more than ${fault.most} characters`;
    case 'character-not-kept':
      return 'holds a character that cannot be kept';
    case 'not-a-url':
      return 'is no URL';
    case 'not-https':
      return fault.allowsHttp ? 'must begin with https:// or http://' : 'must begin with https://';
    case 'holds-credentials':
      return 'must hold no user and no password';
    case 'private-address':
      return 'leads to a private address';
    case 'photo-has-no-text':
      return 'a photo has no text';
    case 'wrong-password':
      return 'is wrong';
    case 'too-short':
      return `has fewer than ${fault.least} characters`;
    case 'like-the-email':
      return 'is too much like the e-mail address';
    case 'common-password':
      return 'is one of the passwords that are tried first';
    case 'same-password':
      return 'is the one of now';
    case 'wrong-code':
      return 'is not the code of this moment, or has been used';
    case 'not-to-be-had':
      return 'cannot be used here; an admin can tell why';
    case 'not-in-templates':
      return 'is not a field that a template can hold';
    case 'no-proof-left':
      return 'cannot be: with the policy "mac" and any MAC, the mail alone would sign the solution in';
    case 'other':
      return fault.text;
  }
}

function rangeText({ min, max, unit }: Extract<FieldFault, { code: 'not-between' }>): string {
  const end = unit === undefined ? '' : ` ${unit}`;
  if (min === undefined) return `above ${max ?? ''}${end}`;
  return max === undefined ? `below ${min}${end}` : `not between ${min} and ${max}${end}`;
}
