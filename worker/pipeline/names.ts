import type { NameRules } from './system';

/** True if the names are the same for a system with one of these rules. */
export function sameName(rules: readonly (NameRules | null)[], one: string, other: string): boolean {
  return one === other || folded(rules, one) === folded(rules, other);
}

/**
 * True if the names of two items that are one need not be made equal: each side keeps its own, for one of the systems or for
 * whoever reads them they are the same.
 */
export const isOneSpelling = (rules: readonly (NameRules | null)[], one: string, other: string): boolean =>
  sameName(rules, one, other) || one.normalize('NFC') === other.normalize('NFC');

/** The name as that system writes it. */
export function writtenName(rules: NameRules | null, name: string): string {
  if (rules === null) return name;
  const fitting = rules.fitting(name) ?? name;
  return rules.form === 'any' ? fitting : fitting.normalize(rules.form);
}

/** True where another spelling of a name may be the same name. */
export const folds = (rules: readonly (NameRules | null)[]): boolean =>
  rules.some((rule) => rule !== null && (rule.isCaseBlind || rule.form !== 'any'));

/** `plan.txt` → `plan (2).txt`. */
export function numberedName(name: string, number: number): string {
  const dot = name.lastIndexOf('.');
  const end = dot > 0 ? dot : name.length;
  return `${name.slice(0, end)} (${number})${name.slice(end)}`;
}

function folded(rules: readonly (NameRules | null)[], name: string): string {
  const composed = folds(rules) ? name.normalize('NFC') : name;
  return rules.some((rule) => rule?.isCaseBlind === true) ? composed.toLowerCase() : composed;
}
