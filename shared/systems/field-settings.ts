import { z } from 'zod';
import { entryName } from './entry-name';
import { nameText } from './settings-parts';

// The conversion of a field of one side into a field of the other.

/** All possible steps of a value. */
export const transformNames = [
  'trim',
  'lower',
  'date',
  'map',
  'lookup',
  'link',
  'number',
  'boolean',
] as const;

const scalar = z.union([z.string(), z.number(), z.boolean()], {
  error: 'must be a text, a number or a boolean',
});

const dateForm = z
  .string()
  .max(60)
  .refine(
    (form) => form === 'date' || form === 'datetime' || form.includes('YYYY'),
    'must be a form such as YYYY-MM-DD, or date, or datetime',
  );

const numberKind = z.enum(['number', 'text']).default('number');
const truth = z.tuple([scalar, scalar]).optional();

const step = z.discriminatedUnion(
  'step',
  [
    z.strictObject({ step: z.literal('trim') }),
    z.strictObject({ step: z.literal('lower') }),
    z.strictObject({ step: z.literal('date'), date: z.strictObject({ here: dateForm, there: dateForm }) }),
    z.strictObject({
      step: z.literal('map'),
      /** From values here to values there. */
      map: z.record(z.string(), scalar),
      /** What happens to a value that is not in the map. */
      others: z.enum(['refuse', 'keep']).default('refuse'),
    }),
    /** The name of a fixed table: from values here to values there. */
    z.strictObject({ step: z.literal('lookup'), lookup: z.string().min(1) }),
    /** The name of another pair: the value is the key of one of its records. */
    z.strictObject({ step: z.literal('link'), link: entryName }),
    /** The type on each side: numbers, or texts of numbers. */
    z.strictObject({
      step: z.literal('number'),
      number: z.strictObject({ here: numberKind, there: numberKind }).prefault({}),
    }),
    /** The values of each side for true and for false; left out: true and false. */
    z.strictObject({
      step: z.literal('boolean'),
      boolean: z.strictObject({ here: truth, there: truth }).prefault({}),
    }),
  ],
  { error: `must be one of ${transformNames.join(', ')}` },
);

/** One step of a field, with what it needs. */
export type FieldTransform = z.output<typeof step>;

const nulls = z.enum(['send', 'omit', 'empty']).default('send');

const written = z.strictObject({
  here: nameText,
  there: nameText,
  name: nameText.optional(),
  group: z.string().min(1).max(100).default('default'),
  transform: z.array(z.preprocess(named, step)).max(20).default([]),
  nulls: z.strictObject({ here: nulls, there: nulls }).prefault({}),
  flows: z.enum(['both', 'to-here', 'to-there']).default('both'),
  link: entryName.optional(),
});

/** One field that is kept equal. */
export interface FieldRule {
  /** Its name on each side, which links, conflicts and plans use as well. */
  readonly here: string;
  readonly there: string;
  readonly name: string;
  /** Fields of one group are decided together. */
  readonly group: string;
  /** From here to there; the other way in reverse. */
  readonly transform: readonly FieldTransform[];
  /** How a missing value is written. */
  readonly nulls: { readonly here: NullRule; readonly there: NullRule };
  readonly flows: 'both' | 'to-here' | 'to-there';
  /** The pair whose records its values name; null: the field is not a link. */
  readonly link: string | null;
}

/** `send`: null is sent; `omit`: the field is left out of the call; `empty`: an empty text is sent. */
export type NullRule = z.output<typeof nulls>;

/** One field, as it is written and as it is after the check. */
export const fieldRule = written.transform(({ name, link, transform, ...rest }): FieldRule => {
  const target = transform.find((one) => one.step === 'link');
  return {
    ...rest,
    name: name ?? rest.here,
    transform: transform.filter((one) => one.step !== 'link'),
    link: link ?? target?.link ?? null,
  };
});

/** A step is written as a word, or as an object whose key is the word. */
function named(transform: unknown): unknown {
  if (typeof transform === 'string') return { step: transform };
  if (typeof transform !== 'object' || transform === null) return transform;
  const word = transformNames.find((name) => Object.hasOwn(transform, name));
  return { ...transform, step: word ?? Object.keys(transform)[0] ?? '' };
}
