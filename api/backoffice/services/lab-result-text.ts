import type { Verdict } from '../../../shared/domain/lab-result';
import { decimalText, type Language } from '../../../shared/domain/language';
import type { JudgedResult } from '../../../shared/domain/message';

/** As a kitchen is told of a lab result. */
export function labResultText(
  language: Language,
  result: JudgedResult,
): { readonly subject: string; readonly body: string } {
  const { sample, germ, operator, value, unit, limitSatisfactory, limitAcceptable, verdict } = result;
  const words = inLanguage[language];
  const decimal = (number: number) => decimalText(language, number);
  const measured = [operator === '=' ? '' : operator, decimal(value), unit ?? '']
    .filter((part) => part !== '')
    .join(' ');
  const limits = `m = ${decimal(limitSatisfactory)}, M = ${decimal(limitAcceptable)}`;
  return {
    subject: words.about(`${sample}, ${germ}`, words.verdicts[verdict]),
    body: `${words.about(words.measured, `${measured} (${limits})`)}. ${words.about(words.verdict, words.verdicts[verdict])}.`,
  };
}

interface Words {
  readonly about: (subject: string, what: string) => string;
  readonly measured: string;
  readonly verdict: string;
  readonly verdicts: Readonly<Record<Verdict, string>>;
}

const english: Words = {
  about: (subject, what) => `${subject}: ${what}`,
  measured: 'Measured',
  verdict: 'Verdict',
  verdicts: { satisfactory: 'satisfactory', acceptable: 'acceptable', unsatisfactory: 'unsatisfactory' },
};

const french: Words = {
  about: (subject, what) => `${subject} : ${what}`,
  measured: 'Mesure',
  verdict: 'Conclusion',
  verdicts: { satisfactory: 'satisfaisant', acceptable: 'acceptable', unsatisfactory: 'non satisfaisant' },
};

const inLanguage: Readonly<Record<Language, Words>> = { en: english, fr: french };
