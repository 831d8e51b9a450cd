import express from 'express';
import { z } from 'zod';
import { invalidFields } from '../../../shared/errors/catalog';
import { resultOperators } from '../../../shared/domain/lab-result';
import { decodeText } from '../../../shared/formats/csv-cell';
import { parseCsv } from '../../../shared/formats/csv-table';
import { decode } from '../../http/decode';
import type { AnalysisInput } from '../services/messages';
import { textOf } from './parameters';

// Lab results as laboratories send them: one, several, or a table of them.

/** Leaves a CSV body as bytes: a laboratory's file need not be UTF-8. */
export const readCsvBody = express.raw({ type: ['text/csv', 'application/csv'], limit: '4mb' });

/** The lab results of a body, JSON or CSV; `isOne`: a single JSON object. Throws `bad-request`, `invalid-fields`. */
export function analysesOf(body: unknown): { analyses: AnalysisInput[]; isOne: boolean } {
  if (Buffer.isBuffer(body)) return { analyses: judgeable(rowsOf(body), rowName), isOne: false };
  const given = decode(jsonBody, body ?? {});
  if (!Array.isArray(given)) return { analyses: judgeable([given], () => ''), isOne: true };
  return { analyses: judgeable(given, (place) => `${place}.`), isOne: false };
}

const maxAnalyses = 1_000;
/** The header is line 1. */
const rowName = (place: number) => `line ${place + 2}: `;

const record = z.record(z.string(), z.unknown());
const jsonBody = z.union([
  z.strictObject({ items: z.array(record).min(1).max(maxAnalyses) }).transform(({ items }) => items),
  z.array(record).min(1).max(maxAnalyses),
  record,
]);

function rowsOf(body: Buffer): Record<string, unknown>[] {
  const { header, rows } = parseCsv(decodeText(body));
  if (rows.length === 0 || rows.length > maxAnalyses) {
    throw invalidFields([{ field: 'body', reason: `a header row and 1 to ${maxAnalyses} rows are needed` }]);
  }
  return rows.map((row) => Object.fromEntries(header.map((name, cell) => [name, row[cell]])));
}

const number = z
  .union([z.number(), z.string().trim().transform(readNumber)])
  .pipe(z.number('is no number').min(0).max(1e15));
const time = z.iso.datetime({ offset: true, local: true }).or(z.iso.date());
const analysis = z
  .strictObject({
    sample: textOf(200),
    germ: textOf(200),
    operator: z.enum(resultOperators).default('='),
    value: number,
    unit: textOf(50).optional(),
    m: number.optional(),
    M: number.optional(),
    sampledAt: time.transform((written) => new Date(written)).optional(),
    comment: textOf(2000).optional(),
  })
  .transform(({ m, M, ...result }, context): AnalysisInput => {
    const limitSatisfactory = m ?? M;
    const limitAcceptable = M ?? m;
    if (limitSatisfactory === undefined || limitAcceptable === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['m'],
        message: 'is needed: without limits there is no verdict',
      });
      return z.NEVER;
    }
    if (limitAcceptable < limitSatisfactory) {
      context.addIssue({ code: 'custom', path: ['M'], message: 'is below m' });
      return z.NEVER;
    }
    const { unit = null, sampledAt = null, comment = null } = result;
    return { ...result, unit, sampledAt, comment, limitSatisfactory, limitAcceptable };
  });

/** All mistakes at once. */
function judgeable(
  records: readonly Record<string, unknown>[],
  nameOf: (place: number) => string,
): AnalysisInput[] {
  const problems: { field: string; reason: string }[] = [];
  const analyses: AnalysisInput[] = [];
  records.forEach((given, place) => {
    const parsed = analysis.safeParse(withKnownNames(given));
    if (parsed.success) analyses.push(parsed.data);
    else
      problems.push(
        ...parsed.error.issues.map(({ path, message }) => ({
          field: nameOf(place) + (path.join('.') || 'analysis'),
          reason: message,
        })),
      );
  });
  if (problems.length > 0) throw invalidFields(problems.slice(0, maxProblems));
  return analyses;
}

const maxProblems = 100;
const names = ['sample', 'germ', 'operator', 'value', 'unit', 'sampledAt', 'comment'];

/** What is empty is absent. Names compare without case, but for m and M; `limitm`, `LimitM` are taken as well. A value may bring its operator: `<10`. */
function withKnownNames(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const filled = Object.entries(given).filter(([, value]) => value !== null && value !== '');
  const named = Object.fromEntries(filled.map(([name, value]) => [knownName(name), value]));
  const { value, operator } = named;
  const [, sign, rest] = (typeof value === 'string' && /^\s*([<=>])\s*(.+)$/.exec(value)) || [];
  const isSigned = sign !== undefined && (operator === undefined || operator === sign);
  return isSigned ? { ...named, value: rest, operator: sign } : named;
}

function knownName(written: string): string {
  const name = written.trim();
  const limit = /^(?:limit_?)?(m)$/i.exec(name)?.[1];
  return limit ?? names.find((known) => known.toLowerCase() === name.toLowerCase()) ?? name;
}

/** Decimal point or comma, blanks between thousands. */
function readNumber(written: string): number {
  const plain = written.replace(/(?<=\d)[\s\u00a0\u202f](?=\d{3})/g, '').replace(',', '.');
  return /^\d+(\.\d+)?(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}
