/**
 * Makes a text of unknown origin safe inside a sentence: invisible characters and those that change the reading
 * direction become their code, e.g. `\u{7}`.
 */
export const visibleText = (text: string): string =>
  text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

const unseen =
  /[\p{Cc}\p{Surrogate}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
