import { Cron } from 'croner';
import { z } from 'zod';
import { entryName } from './entry-name';
import { fieldRule } from './field-settings';
import { nameText } from './settings-parts';

// A pair as its operator writes it, and as it is after the check: `z.input` and `z.output` of these schemas. The kind
// of the system defines what the two ends contain beside `system`.

export const pairModes = ['plan', 'run', 'off'] as const;
/** `plan`: nothing is written. `run`: both sides are kept equal. `off`: the pair does nothing. */
export type PairMode = (typeof pairModes)[number];

const side = z.enum(['here', 'there']);

const cron = z
  .string()
  .refine(isCron, 'must be a cron expression of five fields, in UTC, e.g. "*/15 * * * *"');

const above = z.enum(['approval', 'skip']).default('approval');

/** How changes are found. Ways that are left out are not used. */
const find = z.strictObject({
  webhooks: z.array(side).max(2).default([]).describe('Sides that call us.'),
  jobs: z
    .enum(['sosync'])
    .optional()
    .describe(
      'Says that jobs come by the interface of sosync. An instance of sosync decides that; this changes nothing.',
    ),
  check: cron.optional().describe('When it is asked what has changed.'),
  whole: cron.optional().describe('When both sides are listed whole: only that tells of some deletions.'),
  jitterSeconds: z.int().min(0).max(3_600).default(0),
  overlapMinutes: z
    .number()
    .min(0)
    .max(1_440)
    .default(10)
    .describe('A listing of changes goes back so far before the last one, for what was committed late.'),
});

const usualFind: z.input<typeof find> = {
  check: '*/15 * * * *',
  whole: '20 3 * * *',
  jitterSeconds: 120,
};

const deletionLimit = z.strictObject({
  count: z.int().min(0).default(100),
  share: z.number().min(0).max(1).default(0.2),
  emptiedFrom: z.int().min(1).default(10),
  hours: z
    .number()
    .positive()
    .max(24 * 30)
    .default(24),
  above,
});

/** What one run may do without an approval. A bound that is left out does not apply, but deletions always have one. */
const limits = z.strictObject({
  deletions: deletionLimit.prefault({}),
  changes: z.strictObject({ count: z.int().min(0), above }).optional(),
  entries: z.strictObject({ count: z.int().min(0), above }).optional(),
  file: z.strictObject({ bytes: z.int().min(0), above }).optional(),
});

const retry = z.strictObject({
  attempts: z.int().min(1).max(100).default(5),
  firstMinutes: z.number().positive().max(1_440).default(1),
  resetHours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(24),
});

const anyDeletion = z.enum(['propagate', 'mark', 'ask', 'restore']);
const deletion = anyDeletion.default('ask');
const againstChange = z.enum(['restore', 'delete', 'manual']).default('restore');

/** By the side of the deletion: what happens on the other side. */
const deletions = z.strictObject({ here: deletion, there: deletion, againstChange });

/** The usual policy depends on the direction of the pair. */
const documentDeletions = z.strictObject({
  here: anyDeletion.optional(),
  there: anyDeletion.optional(),
  againstChange,
});

export const pairEvents = ['conflict', 'given-up', 'paused', 'approval'] as const;

export const linkStatusWords = [
  'creating',
  'dirty',
  'syncing',
  'clean',
  'failed',
  'given-up',
  'conflict',
  'deleted-here',
  'deleted-there',
] as const;
/** The status of a link, before `statusWords` translates it into the words of a system. */
export type LinkStatusWord = (typeof linkStatusWords)[number];

/** The members of every pair. */
const everyPair = {
  here: z.looseObject({ system: entryName }),
  there: z.looseObject({ system: entryName }),
  mode: z.enum(pairModes).optional().describe('A new pair begins with `plan`; left out, it stays as it is.'),
  find: find.prefault(usualFind),
  deletions: deletions.prefault({}),
  limits: limits.prefault({}),
  retry: retry.prefault({}),
  notify: z.array(z.enum(pairEvents)).default([...pairEvents]),
};

const merge = z.enum(['append-lines', 'longest', 'union']);
const groupRule = z.strictObject({
  conflict: z.union([z.enum(['here', 'there', 'manual']), z.strictObject({ merge })], {
    error: unlessNewest('must be here, there, manual or { merge: append-lines | longest | union }'),
  }),
});

const writeBackValue = z
  .string()
  .regex(
    /^(\$(here|there)\.(key|revision)|\$(status|now|attempts|error|syncKey))$/,
    'must be one of $here.key, $here.revision, $there.key, $there.revision, $syncKey, $status, $now, $attempts, $error',
  );
const writeBack = z.record(nameText, writeBackValue);

const lookupTable = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));
const lookups = z.record(z.string(), lookupTable).default({}).describe('Fixed tables for `lookup`.');

const groups = z
  .record(z.string().min(1), groupRule)
  .default({})
  .describe('Fields that are decided together where both sides changed them.');

/** A pair of records. */
export const recordPairSchema = z
  .strictObject({
    ...everyPair,
    match: z
      .strictObject({
        by: z.array(nameText).max(20).default([]),
        initial: z.enum(['manual', 'here', 'there', 'fill-empty']).default('manual'),
      })
      .prefault({})
      .describe('What two records have in common that are one. Names of either side.'),
    fields: z.array(fieldRule).min(1, 'must have at least one field').max(500),
    groups,
    lookups,
    writeBack: z.strictObject({ here: writeBack.default({}), there: writeBack.default({}) }).prefault({}),
    writeBackSyncing: z.boolean().default(false),
    statusWords: z.partialRecord(z.enum(linkStatusWords), z.string().max(200)).default({}),
  })
  .transform((pair) => ({ ...pair, holds: 'records' as const }));

const glob = z.string().min(1).max(500);

/** A pair of documents. */
export const documentPairSchema = z
  .strictObject({
    ...everyPair,
    deletions: documentDeletions
      .prefault({})
      .describe('What is left out is `ask`; with `direction: there` it is `mark`.'),
    direction: z
      .enum(['both', 'there'])
      .default('both')
      .describe(
        '`there`: documents go from here to there alone. Nothing is written here, and documents that others put there are not looked at.',
      ),
    leaveOut: z.array(glob).max(200).default([]).describe('Paths that are not looked at.'),
    content: z
      .strictObject({ compare: z.enum(['revision', 'hash']).default('revision') })
      .prefault({})
      .describe('`revision`: by size and revision; `hash`: by what is in the file.'),
    names: z
      .strictObject({
        clash: z.enum(['suffix', 'manual']).default('suffix'),
        bad: z.enum(['fit', 'manual']).default('fit'),
      })
      .prefault({}),
    conflict: z
      .strictObject({
        content: winner(['keep-both', 'here', 'there', 'manual']).default('keep-both'),
        place: winner(['here', 'there', 'manual']).default('here'),
      })
      .prefault({}),
    fields: z
      .array(fieldRule)
      .max(500)
      .default([])
      .describe('Fields of the documents that are kept equal beside their content. Folders have none.'),
    groups,
    lookups,
  })
  .transform(({ deletions: { here, there, ...others }, ...pair }) => {
    const usual = pair.direction === 'there' ? 'mark' : 'ask';
    const filled = { here: here ?? usual, there: there ?? usual, ...others } as const;
    return { ...pair, deletions: filled, holds: 'documents' as const };
  });

/** A pair of records after the check: everything that was left out is filled in. */
export type RecordPairSettings = z.output<typeof recordPairSchema>;
export type DocumentPairSettings = z.output<typeof documentPairSchema>;
export type PairSettings = RecordPairSettings | DocumentPairSettings;

export type PairFind = PairSettings['find'];
export type GroupConflict = RecordPairSettings['groups'][string]['conflict'];

/** What every pair says about fields. A pair of documents may have none. */
export type FieldSettings = Pick<RecordPairSettings, 'fields' | 'groups' | 'lookups'>;

function isCron(written: string): boolean {
  if (written.trim().split(/\s+/).length !== 5) return false;
  try {
    return new Cron(written, { timezone: 'UTC' }).nextRun() !== null;
  } catch {
    return false;
  }
}

function winner<T extends string>(choices: readonly T[]) {
  return z.enum(choices, { error: unlessNewest(`must be one of ${choices.join(', ')}`) });
}

/** Settings that other tools offer get their own sentence. */
function unlessNewest(sentence: string) {
  return ({ input }: { readonly input?: unknown }) =>
    input === 'newest' ? '"newest" is not offered: no clock decides who changed what' : sentence;
}
