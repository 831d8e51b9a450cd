import { writeFile } from 'node:fs/promises';
import { startAwkwardServer, type Verdict } from '../conformance/awkward-server';
import type { SuiteSolution } from '../conformance/bench';
import type { Check } from '../conformance/check';
import { checks } from '../conformance/checks';
import { pageOf, type PageRow } from '../conformance/report-page';
import { resultLines, resultsJson, tallyLine, tallyOf } from '../conformance/report-text';
import { type Result, runChecks } from '../conformance/run-checks';
import { trials } from '../conformance/trials';
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
  readonly listen?: string;
  readonly patience: number;
}

/** @returns the exit code. */
export async function runConformance(options: ConformanceOptions): Promise<number> {
  if (options.listen !== undefined) return runTrials(options, options.listen);
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

/** Tests a solution: stands in front of a server, until every trial is decided. */
async function runTrials(options: ConformanceOptions, listen: string): Promise<number> {
  const { url, only, patience, report } = options;
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(listen) ?? [];
  if (host === undefined || port === undefined) return refuse('--listen is HOST:PORT, e.g. 127.0.0.1:8081.');
  if (url === undefined) return refuse('--url says which server to stand in front of.');
  const unknown = only?.find((id) => !trials.some((trial) => trial.id === id));
  if (unknown !== undefined) return refuse(`There is no trial "${unknown}".`);
  await needServer(url);
  const isJson = options.json === true;
  const awkward = await startAwkwardServer({
    ...{ host, port: Number(port), url, patienceSeconds: patience },
    trials: trials.filter(({ id }) => only?.includes(id) ?? true),
    onVerdict: ({ trial, fault }) => {
      if (!isJson) console.log(fault === null ? `survived  ${trial.id}` : `FAILED    ${trial.id}: ${fault}`);
    },
  });
  if (!isJson) console.log(`Let the solution synchronise with ${awkward.url} until every trial is decided.`);
  const verdicts = await awkward.verdicts;
  await awkward.close();
  if (isJson)
    console.log(
      JSON.stringify(
        verdicts.map(({ trial, fault }) => ({ id: trial.id, fault })),
        null,
        2,
      ),
    );
  if (report !== undefined) await writeFile(report, trialPage(url, verdicts));
  return verdicts.some(({ fault }) => fault !== null) ? 1 : 0;
}

function trialPage(url: string, verdicts: readonly Verdict[]): string {
  const title = { en: 'A solution under awkward conditions', fr: 'Une solution en conditions difficiles' };
  const rows = verdicts.map(({ trial, fault }): PageRow => ({
    ...{ id: trial.id, title: trial.title, source: null, state: fault === null ? 'good' : 'bad' },
    reasons: fault === null ? [] : [{ label: null, text: fault }],
  }));
  return pageOf({ title, url, at: new Date(), rows });
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
  return pageOf({ title, url, at, rows: results.map(rowOf) });
}

function rowOf({ check: { id, title, section, sentence }, outcome }: Result): PageRow {
  const row = { id, title, source: { heading: section, sentence } };
  switch (outcome.kind) {
    case 'passed':
      return { ...row, state: 'good', reasons: [] };
    case 'not-seen':
      return { ...row, state: 'open', reasons: [{ label: null, text: outcome.reason }] };
    case 'failed':
      return {
        ...{ ...row, state: 'bad' },
        reasons: [
          { label: { en: 'expected', fr: 'attendu' }, text: outcome.expected },
          { label: { en: 'seen', fr: 'constaté' }, text: outcome.seen },
        ],
      };
  }
}
