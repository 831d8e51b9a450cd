import express from 'express';
import { z } from 'zod';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import { invalidFields } from '../../../shared/errors/catalog';
import { isQualitative, resultOperators } from '../../../shared/domain/lab-result';
import { decodeText } from '../../../shared/formats/csv-cell';
import { parseCsv } from '../../../shared/formats/csv-table';
import { decode } from '../../http/decode';
import type { Body } from '../../http/operation';
import type { AnalysisInput } from '../services/messages';
import { textOf } from '../http/request-fields';

// Lab results as laboratories send them: one, several, or a table of them.

const maxAnalyses = 1_000;

/** JSON or CSV. A CSV body is left as bytes: a laboratory's file need not be UTF-8. */
export const analysesBody: Body<GivenAnalyses> = {
  content: {
    'application/json': { schema: describedBody() },
    'text/csv': { schema: null, example: csvExample() },
    'application/csv': { schema: null, example: csvExample() },
  },
  isRequired: true,
  readers: [
    express.raw({ type: ['text/csv', 'application/csv'], limit: '4mb' }),
    express.json({ limit: '4mb' }),
  ],
  decode: analysesOf,
};

export interface GivenAnalyses {
  readonly analyses: AnalysisInput[];
  /** A single JSON object. */
  readonly isOne: boolean;
}

/** Throws `bad-request`, `invalid-fields`. */
function analysesOf(body: unknown): GivenAnalyses {
  if (Buffer.isBuffer(body)) return { analyses: judgeable(rowsOf(body), rowName), isOne: false };
  const given = decode(jsonBody, body ?? {});
  if (!Array.isArray(given)) return { analyses: judgeable([given], () => ''), isOne: true };
  return { analyses: judgeable(given, (place) => `${place}.`), isOne: false };
}

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
    throw invalidFields([
      {
        field: 'body',
        fault: { code: 'other', text: `a header row and 1 to ${maxAnalyses} rows are needed` },
      },
    ]);
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
    value: number.optional(),
    quantity: number.optional(),
    unit: textOf(50).optional(),
    m: number.optional(),
    M: number.optional(),
    sampledAt: time.transform((written) => new Date(written)).optional(),
    comment: textOf(2000).optional(),
  })
  .transform(({ m, M, value, quantity, ...result }, context): AnalysisInput => {
    const refuse = (field: string, message: string) => {
      context.addIssue({ code: 'custom', path: [field], message });
      return z.NEVER;
    };
    const limitSatisfactory = m ?? M ?? null;
    const limitAcceptable = M ?? m ?? null;
    const { unit = null, sampledAt = null, comment = null } = result;
    const common = { ...result, unit, sampledAt, comment, limitSatisfactory, limitAcceptable };
    if (limitSatisfactory !== null && limitAcceptable !== null && limitAcceptable < limitSatisfactory) {
      return refuse('M', 'is below m');
    }
    if (isQualitative(result.operator)) return { ...common, value: quantity ?? value ?? null };
    if (quantity !== undefined) return refuse('quantity', 'belongs to an absence or a presence');
    if (value === undefined) return refuse('value', 'is needed');
    if (limitSatisfactory === null) return refuse('m', 'is needed: without limits there is no verdict');
    return { ...common, value };
  });

/** All mistakes at once. */
function judgeable(
  records: readonly Record<string, unknown>[],
  nameOf: (place: number) => string,
): AnalysisInput[] {
  const problems: FieldProblem[] = [];
  const analyses: AnalysisInput[] = [];
  records.forEach((given, place) => {
    const parsed = analysis.safeParse(withKnownNames(given));
    if (parsed.success) analyses.push(parsed.data);
    else
      problems.push(
        ...parsed.error.issues.map(({ path, message }): FieldProblem => ({
          field: nameOf(place) + (path.join('.') || 'analysis'),
          fault: { code: 'other', text: message },
        })),
      );
  });
  if (problems.length > 0) throw invalidFields(problems.slice(0, maxProblems));
  return analyses;
}

const maxProblems = 100;
const names = ['sample', 'germ', 'operator', 'value', 'quantity', 'unit', 'sampledAt', 'comment'];

/**
 * An empty value counts as absent. Names compare without case, except for m and M; `limitm`, `LimitM` are taken as
 * well. A value may bring its operator: `<10`.
 */
function withKnownNames(given: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const filled = Object.entries(given).filter(([, value]) => value !== null && value !== '');
  const named = withCriterion(Object.fromEntries(filled.map(([name, value]) => [knownName(name), value])));
  const { value, operator } = named;
  const said = qualitativeOf(value) ?? (value === undefined ? qualitativeOf(operator) : null);
  if (said !== null) {
    const others = Object.fromEntries(Object.entries(named).filter(([name]) => name !== 'value'));
    const given = { ...said, ...splitUnit(others['unit']) };
    return {
      ...given,
      ...others,
      ...(given.unit === undefined ? {} : { unit: given.unit }),
      operator: said.operator,
    };
  }
  const [, sign, rest] = (typeof value === 'string' && /^\s*([<=>])\s*(.+)$/.exec(value)) || [];
  const isSigned = sign !== undefined && (operator === undefined || operator === sign);
  return isSigned ? { ...named, value: rest, operator: sign } : named;
}

interface Qualitative {
  readonly operator: 'absence' | 'presence';
  readonly quantity?: string;
  readonly unit?: string;
}

/** `Absence dans 25 g`, `not detected in 25g`, `Non détecté /25 g`, `Présence`. Null: it says something else. */
function qualitativeOf(written: unknown): Qualitative | null {
  if (typeof written !== 'string') return null;
  const [, said, quantity, unit] = qualitative.exec(written.normalize('NFC').trim()) ?? [];
  if (said === undefined) return null;
  const operator = /^(absen|non |not |none|n\.?d|nég|neg)/i.test(said) ? 'absence' : 'presence';
  return { operator, ...(quantity === undefined || unit === undefined ? {} : { quantity, unit }) };
}

const amount = String.raw`(\d+(?:[.,]\d+)?)\s*([a-zµ][a-zµ²³]{0,9})`;
const qualitative = new RegExp(
  String.raw`^(absen[ct]e?|présen[ct]e?|presen[ct]e?|non[ -]?d[ée]tect[ée]e?s?|d[ée]tect[ée]e?s?|not[ -]detected|none detected|detected|n\.?d\.?|n[ée]gati(?:f|ve)|positi(?:f|ve))(?:\s*(?:dans|in|pour|par|per|\/)?\s*${amount})?$`,
  'i',
);

/** `/25 g`, `25g`: the quantity that is written with the unit. */
function splitUnit(unit: unknown): { quantity?: string; unit?: string } {
  const [, quantity, plain] =
    (typeof unit === 'string' &&
      new RegExp(String.raw`^(?:\/|dans |in )?\s*${amount}$`, 'i').exec(unit.trim())) ||
    [];
  return quantity === undefined || plain === undefined ? {} : { quantity, unit: plain };
}

/** Laboratories write the criterion "Absence dans 25 g" in place of a number. It has no limits. */
const withCriterion = (named: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(named).filter(
      ([name, value]) => !((name === 'm' || name === 'M') && qualitativeOf(value)?.operator === 'absence'),
    ),
  );

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

/** The server accepts more than this, to help laboratories: names in any case, a decimal comma, `<10` for a value. */
function describedBody() {
  const result = z
    .object({
      sample: z
        .string()
        .max(200)
        .meta({ examples: ['Steak haché'] }),
      germ: z
        .string()
        .max(200)
        .meta({ examples: ['E. coli'] }),
      operator: z
        .enum(resultOperators)
        .optional()
        .meta({ description: '`=` if absent.', examples: ['<'] }),
      value: z
        .union([z.number(), z.string()])
        .optional()
        .meta({
          description:
            'A number, or a text with a decimal point or comma and `<` or `>` before it. Or the words of a laboratory that does not count: `Absence dans 25 g`, `not detected`.',
          examples: [10],
        }),
      quantity: z
        .union([z.number(), z.string()])
        .optional()
        .meta({
          description:
            'For the operator `absence` or `presence`: the amount that was examined, in `unit`. No limits are needed then.',
          examples: [25],
        }),
      unit: z
        .string()
        .max(50)
        .optional()
        .meta({ examples: ['UFC/g'] }),
      m: z
        .union([z.number(), z.string()])
        .optional()
        .meta({ description: 'Values up to this limit are satisfactory.', examples: [50] }),
      M: z
        .union([z.number(), z.string()])
        .optional()
        .meta({
          description: 'Values up to this limit are acceptable. One of m and M is required.',
          examples: [500],
        }),
      sampledAt: z
        .string()
        .optional()
        .meta({ description: 'A date, or a time in RFC 3339.', examples: ['2026-11-19'] }),
      comment: z.string().max(2000).optional(),
    })
    .meta({ id: 'Analysis' });
  return z.union([
    result,
    z.array(result).max(maxAnalyses),
    z.object({ items: z.array(result).max(maxAnalyses) }),
  ]);
}

function csvExample(): string {
  return 'sample;germ;value;unit;m;M\r\nSteak haché;E. coli;<10;UFC/g;50;500\r\nSteak haché;Salmonella;Absence dans 25 g;;;\r\n';
}
