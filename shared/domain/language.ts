/** The languages of texts for kitchens. */
export const languages = ['en', 'fr'] as const;
export type Language = (typeof languages)[number];

/** One thing as people call it, in each language. */
export type Label = Readonly<Record<Language, string>>;

/** With all its digits; French has a decimal comma. */
export const decimalText = (language: Language, value: number): string =>
  language === 'fr' ? String(value).replace('.', ',') : String(value);
