import type { Result } from './run-checks';

/** How many checks ended in which way. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly notSeen: number;
}

export function tallyOf(results: readonly Result[]): Tally {
  const count = (kind: Result['outcome']['kind']) =>
    results.filter(({ outcome }) => outcome.kind === kind).length;
  return { passed: count('passed'), failed: count('failed'), notSeen: count('not-seen') };
}

/** One line for a result that passed; more for one that did not. */
export function resultLines({ check, outcome }: Result): string[] {
  switch (outcome.kind) {
    case 'passed':
      return [`passed    ${check.id}`];
    case 'not-seen':
      return [`not seen  ${check.id}: ${outcome.reason}`];
    case 'failed':
      return [
        `FAILED    ${check.id}: ${check.title.en}`,
        `          ${check.section}: “${check.sentence}”`,
        `          expected ${outcome.expected}`,
        `          seen     ${outcome.seen.replaceAll(/\s+/g, ' ')}`,
      ];
  }
}

export const tallyLine = ({ passed, failed, notSeen }: Tally): string =>
  `${passed} passed, ${failed} failed, ${notSeen} not seen`;

/** What `--json` prints. */
export const resultsJson = (url: string, at: Date, results: readonly Result[]): string =>
  JSON.stringify(
    {
      ...{ url, at: at.toISOString(), ...tallyOf(results) },
      checks: results.map(({ check: { id, section, sentence }, outcome }) => {
        const { kind, ...rest } = outcome;
        return { id, section, sentence, outcome: kind, ...rest };
      }),
    },
    null,
    2,
  );
