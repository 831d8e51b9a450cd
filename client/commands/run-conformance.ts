import { writeFile } from 'node:fs/promises';
import type { SuiteSolution } from '../conformance/bench';
import type { Check } from '../conformance/check';
import { checks } from '../conformance/checks';
import { pageOf, type PageRow } from '../conformance/report-page';
import { resultLines, resultsJson, tallyLine, tallyOf } from '../conformance/report-text';
import { type Result, runChecks } from '../conformance/run-checks';
import { needServer } from './first-contact';

export interface ConformanceOptions {
  readonly url?: string;
  readonly mail?: string;
  readonly secret?: string;
  readonly mac: string;
  readonly secondMail?: string;
  readonly secondSecret?: string;
  readonly only?: readonly string[];
  readonly json?: boolean;
  readonly report?: string;
}

/** @returns the exit code. */
export async function runConformance(options: ConformanceOptions): Promise<number> {
  const { url, mail, secret, mac } = options;
  if (url === undefined || mail === undefined || secret === undefined)
    return refuse('--url, --mail and --secret say which server to test, and as whom.');
  const chosen = chosenChecks(options.only);
  if (typeof chosen === 'string') return refuse(chosen);
  await needServer(url);
  const isJson = options.json === true;
  const results = await runChecks({
    ...{ url, checks: chosen, solution: { mail, secret, mac }, second: secondOf(options) },
    onResult: (result) => {
      if (!isJson) for (const line of resultLines(result)) console.log(line);
    },
  });
  const at = new Date();
  console.log(isJson ? resultsJson(url, at, results) : tallyLine(tallyOf(results)));
  if (options.report !== undefined) await writeFile(options.report, suitePage(url, at, results));
  return results.some(({ outcome }) => outcome.kind === 'failed') ? 1 : 0;
}

function refuse(reason: string): number {
  console.error(reason);
  return 2;
}

/** @returns the checks, or why there are none. */
function chosenChecks(only: readonly string[] | undefined): readonly Check[] | string {
  if (only === undefined) return checks;
  const unknown = only.find((id) => !checks.some((check) => check.id === id));
  if (unknown !== undefined) return `There is no check "${unknown}".`;
  return checks.filter(({ id }) => only.includes(id));
}

function secondOf({ secondMail, secondSecret, mac }: ConformanceOptions): SuiteSolution | null {
  if (secondMail === undefined || secondSecret === undefined) return null;
  return { mail: secondMail, secret: secondSecret, mac: mac.replace(/..$/, 'ff') };
}

function suitePage(url: string, at: Date, results: readonly Result[]): string {
  const title = { en: 'Conformance of a server', fr: 'Conformité d’un serveur' };
  return pageOf({ title, about: [url, at.toISOString()], rows: results.map(rowOf) });
}

function rowOf({ check: { id, title, section, sentence }, outcome }: Result): PageRow {
  const row = { id, title, lines: [section, `“${sentence}”`] };
  switch (outcome.kind) {
    case 'passed':
      return { ...row, state: 'good', reasons: [] };
    case 'not-seen':
      return { ...row, state: 'open', reasons: [outcome.reason] };
    case 'failed':
      return { ...row, state: 'bad', reasons: [`expected ${outcome.expected}`, `seen: ${outcome.seen}`] };
  }
}
