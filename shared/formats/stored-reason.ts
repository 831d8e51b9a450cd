import { z } from 'zod';
import type { FieldFault } from '../domain/field-fault';
import type { Reason, ReasonCode, ReasonValues } from '../domain/reason';
import { pairReasonShapes } from './stored-pair-reason';

/** Reads a stored reason. Null: no reason was stored, or another version of the server stored it in another form. */
export function storedReason(code: string | null, values: unknown): Reason | null {
  const kept = { code, values };
  return isReason(kept) ? kept : null;
}

/** The columns that keep a reason. */
export const reasonColumns = (why: Reason | null) => ({
  reason_code: why === null ? null : why.code,
  reason_values: why === null ? null : JSON.stringify(why.values),
});

/** The facts of a notification that keep a reason. */
export const reasonFacts = (why: Reason | null): Readonly<Record<string, unknown>> =>
  why === null ? {} : { reasonCode: why.code, reasonValues: why.values };

const isReason = (kept: { readonly code: string | null; readonly values: unknown }): kept is Reason =>
  kept.code !== null && isReasonCode(kept.code) && shapes[kept.code].safeParse(kept.values).success;

const isReasonCode = (code: string): code is ReasonCode => Object.hasOwn(shapes, code);

const count = z.number();
const line = z.object({ line: count });
const none = z.record(z.string(), z.never());
const cell = z.object({ column: z.string(), value: z.string() });
const numberExpected = cell.extend({
  min: count.optional(),
  max: count.optional(),
  unit: z.string().optional(),
});
const cellCount = z.object({ cells: count, expected: count });
const most = z.object({ most: count });
const mostBytes = z.object({ mostBytes: count });
const ofId = z.object({ id: z.string() });
const status = z.object({ status: count });

const isOf = <Code extends string>(...codes: readonly Code[]) => z.object({ code: z.enum(codes) });

/** The faults that only have a code. The list is in two parts because the compiler cannot compare a longer one. */
const plainFaults = isOf(
  'not-a-field-name',
  'not-a-value',
  'not-a-single-value',
  'character-not-in-xml',
  'not-a-number',
  'not-a-whole-number',
  'neither-true-nor-false',
  'not-a-date',
  'not-a-time',
  'too-much',
  'not-an-id',
  'account-needed',
  'not-an-email',
  'not-a-url',
  'not-a-time-zone',
  'empty',
);
const otherPlainFaults = isOf(
  'character-not-kept',
  'holds-credentials',
  'private-address',
  'photo-has-no-text',
  'wrong-password',
  'like-the-email',
  'common-password',
  'same-password',
  'wrong-code',
  'no-proof-left',
  'not-to-be-had',
);
const fault: z.ZodType<FieldFault> = z.union([
  plainFaults,
  otherPlainFaults,
  z.object({ code: z.literal('not-well-formed'), element: z.string() }),
  z.object({ code: z.literal('none-of'), choices: z.array(z.string()) }),
  z.object({
    code: z.literal('not-between'),
    min: count.optional(),
    max: count.optional(),
    unit: z.string().optional(),
  }),
  z.object({ code: z.literal('no-such-class'), className: z.string() }),
  z.object({ code: z.literal('no-such-account'), account: count }),
  z.object({ code: z.literal('too-long'), most: count }),
  z.object({ code: z.literal('not-https'), allowsHttp: z.boolean() }),
  z.object({ code: z.literal('too-short'), least: count }),
  z.object({ code: z.literal('other'), text: z.string() }),
]);

const shapes: { readonly [Code in ReasonCode]: z.ZodType<ReasonValues[Code]> } = {
  'number-expected': numberExpected,
  'whole-number-expected': numberExpected,
  'choice-expected': cell.extend({ choices: z.array(z.string()) }),
  'boolean-expected': cell,
  'time-expected': cell,
  'date-expected': cell,
  'text-without-nul-expected': cell,
  'undeclared-with-nul': none,

  'quote-never-closed': none,
  'text-behind-quote': none,
  'row-too-large': none,
  'row-cell-count': cellCount,
  'id-no-whole-number': none,
  'id-far-above': z.object({ step: count, highest: z.string() }),
  'id-stored-otherwise': ofId,
  'message-never-sent': ofId,

  'header-unreadable': z.object({ fault: z.enum(['unterminated-quote', 'bad-quote', 'row-too-large']) }),
  'too-many-columns': most,
  'rows-end-with-cr': none,
  'header-with-nul': none,
  'column-twice': z.object({ column: z.string() }),
  'no-id-column': none,
  'undeclared-name-too-long': mostBytes,
  'too-many-undeclared': z.object({ table: z.string(), columns: count, most: count }),

  'no-name-column': none,
  'photo-line-unsplit': none,
  'photo-line-cell-count': cellCount,
  'photo-name-wrong': none,
  'photo-time-wrong': none,
  'photo-table-wrong': none,
  'photo-row-wrong': none,

  'photo-too-many-bytes': mostBytes,
  'photo-no-jpeg': z.object({ format: z.string() }),
  'photo-too-large-to-decode': none,
  'photo-two-formats': z.object({ other: z.enum(['pdf', 'zip', 'php', 'script', 'html']) }),
  'photo-cut-short': none,
  'photo-damaged': none,
  'photo-empty': none,
  'photo-no-picture': none,
  'photo-too-many-pixels': most,

  'entity-too-large': none,
  'field-twice': z.object({ field: z.string() }),
  'text-between-fields': none,
  'entity-without-id': none,
  'entity-id-wrong': none,
  'is-active-wrong': none,
  'same-id-further-down': none,
  'fields-wrong': z.object({ problems: z.array(z.object({ field: z.string(), fault })) }),
  'prefix-undeclared': z.object({ element: z.string() }),
  'character-not-in-xml': line.extend({ character: z.string() }),
  'bare-ampersand': line,
  'reference-to-nothing': line.extend({ reference: z.string() }),
  'went-back-and-forth': z.object({ field: z.string(), times: count }),
  'too-many-changes': none,
  'too-many-deletions': none,

  'xml-malformed': line.extend({ said: z.string() }),
  'xml-too-deep': line.extend(most.shape),
  'xml-no-array': line.extend({ element: z.string() }),
  'xml-text-between-entities': line,
  'xml-too-many-entities': line.extend(most.shape),
  'xml-text-too-long': line,
  'xml-doctype': line,
  'xml-encoding-unknown': line.extend({ encoding: z.string() }),
  'xml-other-encoding': line.extend({ encoding: z.string() }),

  'statement-too-large': none,
  'statement-no-json': none,
  'statement-wrong': z.object({ fields: z.array(z.string()), said: z.string() }),

  'quarantine-full': none,
  'attempts-used-up': z.object({ attempts: count }),
  'nothing-read': z.object({ folder: z.string().nullable() }),
  'too-many-rejections': most,
  'no-attempt-ended': none,

  'channel-reset': none,
  'replay-of-sync': z.object({ sync: z.string(), by: z.string() }),
  'replay-of-quarantine': z.object({ item: z.string(), by: z.string() }),
  'photo-index-rebuilt': z.object({ forgotten: count, found: count }),

  'offline-not-one': none,
  'offline-newer-version': none,
  'offline-cut-off': none,
  'offline-not-authentic': none,
  'offline-bad-contents': none,
  'offline-unknown-solution': none,
  'offline-other-device': none,
  'offline-wrong-direction': none,
  'upload-not-kept': none,
  'row-not-kept': none,
  'entity-not-kept': none,
  'file-not-in-upload': none,
  'notification-not-given-up': none,
  'work-is-done': none,
  'work-is-under-way': none,
  'nothing-ticked': none,

  'system-refuses-us': none,
  'fields-do-not-fit': none,
  'secrets-without-value': z.object({ names: z.array(z.string()) }),
  'changed-again-and-again': none,
  'link-written-by-another': none,
  'folder-is-missing': none,

  ...pairReasonShapes,

  'no-mail-server': none,
  'mail-server-unreachable': none,
  'webhook-unreachable': none,
  'webhook-answered': status,
  'webhook-redirects': status,
};
