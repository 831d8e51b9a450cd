import { isQualitative, type Verdict } from '../../../shared/domain/lab-result';
import { decimalText, type Language } from '../../../shared/domain/language';
import type { JudgedResult } from '../../../shared/domain/message';

/** The text of a lab result for a kitchen. */
export function labResultText(
  language: Language,
  result: JudgedResult,
): { readonly subject: string; readonly body: string } {
  const { sample, germ, operator, value, unit, limitSatisfactory, limitAcceptable, verdict } = result;
  const words = inLanguage[language];
  const quantity = value === null ? '' : decimalText(language, value);
  const limits = [
    ...(limitSatisfactory === null ? [] : [`m = ${decimalText(language, limitSatisfactory)}`]),
    ...(limitAcceptable === null ? [] : [`M = ${decimalText(language, limitAcceptable)}`]),
  ].join(', ');
  const found = isQualitative(operator)
    ? words.found[operator]([quantity, unit ?? ''].filter((part) => part !== '').join(' '))
    : [operator === '=' ? '' : operator, quantity, unit ?? ''].filter((part) => part !== '').join(' ');
  const measured = limits === '' ? found : `${found} (${limits})`;
  return {
    subject: words.about(`${sample}, ${germ}`, words.verdicts[verdict]),
    body: `${words.about(words.measured, measured)}. ${words.about(words.verdict, words.verdicts[verdict])}.`,
  };
}

interface Words {
  readonly about: (subject: string, what: string) => string;
  readonly measured: string;
  /** `quantity`: e.g. `25 g`; empty: not said. */
  readonly found: Readonly<Record<'absence' | 'presence', (quantity: string) => string>>;
  readonly verdict: string;
  readonly verdicts: Readonly<Record<Verdict, string>>;
}

const english: Words = {
  about: (subject, what) => `${subject}: ${what}`,
  measured: 'Measured',
  found: {
    absence: (quantity) => (quantity === '' ? 'not detected' : `not detected in ${quantity}`),
    presence: (quantity) => (quantity === '' ? 'detected' : `detected in ${quantity}`),
  },
  verdict: 'Verdict',
  verdicts: { satisfactory: 'satisfactory', acceptable: 'acceptable', unsatisfactory: 'unsatisfactory' },
};

const french: Words = {
  about: (subject, what) => `${subject} : ${what}`,
  measured: 'Mesure',
  found: {
    absence: (quantity) => (quantity === '' ? 'absence' : `absence dans ${quantity}`),
    presence: (quantity) => (quantity === '' ? 'présence' : `présence dans ${quantity}`),
  },
  verdict: 'Conclusion',
  verdicts: { satisfactory: 'satisfaisant', acceptable: 'acceptable', unsatisfactory: 'non satisfaisant' },
};

const inLanguage: Readonly<Record<Language, Words>> = { en: english, fr: french };
