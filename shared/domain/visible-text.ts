/**
 * A text of unknown origin, to stand inside a sentence: of what nobody can see, or what turns the direction of reading,
 * stands the number, e.g. `\u{7}`.
 */
export const visibleText = (text: string): string =>
  text.replace(unseen, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

const unseen =
  /[\p{Cc}\p{Surrogate}\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/gu;
