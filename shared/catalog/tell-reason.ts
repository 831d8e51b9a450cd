import type { Language } from '../domain/language';
import { type Reason, type ReasonNames, type ReasonSentences, tellReason } from '../domain/reason';
import { englishReasons } from '../domain/reason-english';
import { frenchReasons } from '../domain/reason-french';
import { visibleText } from '../domain/visible-text';
import { unitIn } from './column';
import { fieldLabelOf, labelOf } from './labels';

/**
 * A reason for a person to read: fields, classes and tables as people call them, and fields with their name on the wire
 * in brackets, because that is the name in what was sent. `of`: the class or table whose fields they are.
 */
export const reasonIn = (language: Language, reason: Reason, of: string | null): string =>
  visibleText(tellReason(sentences[language], reason, namesIn(language, of)));

const sentences: Readonly<Record<Language, ReasonSentences>> = { en: englishReasons, fr: frenchReasons };

const namesIn = (language: Language, of: string | null): ReasonNames => ({
  field: (name) => {
    const label = fieldLabelOf(language, of, name);
    return label === name ? name : `${label} (${name})`;
  },
  subject: (name) => labelOf(language, name),
  unit: (unit) => unitIn(language, unit),
});
