import { z } from 'zod';
import { bytesOf } from '../../../shared/formats/bytes-of';
import { findLogTable, type LogTable } from '../../../shared/catalog/log-tables';
import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Channel } from '../../../shared/domain/channel';
import type { IdSpan } from '../../../shared/domain/log-gaps';
import { quotable, type Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import { keptTextOf } from './kept-text';
import type { PackageFile } from './package-files';
import type { Reject } from './rejections';

/** What a solution reports about itself in `solution.json`. Everything in it is optional. */
export interface SolutionStatement {
  /** Classes whose content differs from the last manifest. */
  readonly drifted: readonly ParameterClass[];
  /** Ids for which it has no rows and never will have. */
  readonly absent: readonly { readonly table: LogTable; readonly spans: readonly IdSpan[] }[];
}

/** Names that are not of the channel are passed over. A file that cannot be read is rejected, and says nothing. */
export async function readStatement(
  file: PackageFile | null,
  channel: Channel,
  reject: Reject,
): Promise<SolutionStatement> {
  if (file === null) return silent;
  const text = await textOf(file);
  const decoded = text === null ? tooLarge : decode(text);
  if (!('code' in decoded)) return statementFrom(decoded, channel);
  const what = { kind: 'file', subject: null, file: file.name, line: null, rowId: null } as const;
  const raw = text?.replaceAll('\0', '\u2400') ?? (await keptTextOf(file));
  await reject({ ...what, code: 'bad-statement', ...because(decoded), header: null, raw });
  return silent;
}

const silent: SolutionStatement = { drifted: [], absent: [] };

const maxBytes = 1_048_576;
const maxSpans = 1_000;

async function textOf(file: PackageFile): Promise<string | null> {
  if (file.bytes > maxBytes) return null;
  return (await bytesOf(await file.open())).toString('utf8').replace(/^\ufeff/, '');
}

const highestId = 2n ** 63n - 2n;
const id = z
  .union([z.string().regex(/^\d{1,19}$/), z.number().int().nonnegative()])
  .transform((written) => BigInt(written))
  .refine((value) => value <= highestId, 'an id of more than 63 bits');
const span = z
  .tuple([id, id])
  .refine(([first, last]) => first <= last, 'its first id is above its last')
  .transform(([first, last]): IdSpan => [String(first), String(last)]);
const shape = z.object({
  drift: z.array(z.string().max(64)).max(1_000).default([]),
  absent: z.record(z.string().max(64), z.array(span).max(maxSpans)).default({}),
});

function decode(text: string): z.output<typeof shape> | Reason {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { code: 'statement-no-json', values: {} };
  }
  const decoded = shape.safeParse(json);
  if (decoded.success) return decoded.data;
  const { issues } = decoded.error;
  const fields = new Set(issues.map(({ path }) => quotable(path.join('.'))).filter((path) => path !== ''));
  const said = issues
    .slice(0, reportedIssues)
    .map(({ path, message }) => quotable(`${path.join('.')}: ${message}`));
  return {
    code: 'statement-wrong',
    values: { fields: [...fields].slice(0, reportedIssues), said: said.join('; ') },
  };
}

/** There may be a million mistakes. Only the first ones are reported. */
const reportedIssues = 10;

const tooLarge: Reason = { code: 'statement-too-large', values: {} };

function statementFrom({ drift, absent }: z.output<typeof shape>, channel: Channel): SolutionStatement {
  const drifted = new Set(
    drift.flatMap((name) => findParameterClass(name) ?? []).filter((found) => found.channel === channel),
  );
  const tables = Object.entries(absent).flatMap(([name, spans]) => {
    const table = findLogTable(name);
    return table?.channel === channel ? [{ table, spans }] : [];
  });
  return { drifted: [...drifted], absent: tables };
}
