import { z } from 'zod';

const count = z
  .number()
  .int()
  .meta({ examples: [0] });
const logCounts = z.object({ inserted: count, duplicates: count, rejected: count });
const parameterCounts = z.object({
  inserted: count,
  updated: count,
  deleted: count,
  unchanged: count,
  conflicts: count,
  held: count,
  rejected: count,
});

export const logGaps = z.object({
  missing: z.string().meta({ description: 'The number of ids.', examples: ['5'] }),
  ranges: z
    .array(z.tuple([z.string(), z.string()]).readonly())
    .readonly()
    .meta({
      description: 'The first 100 ranges, each with its first and its last id.',
      examples: [[['12', '15']]],
    }),
});

/** `report.json` of an instruction package, as `shared/domain/report.ts` has it. */
export const syncReport = z
  .object({
    sync: z.guid().meta({ examples: ['0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] }),
    outcome: z.enum(['processed', 'failed']),
    params: z.record(z.string(), parameterCounts).meta({
      description: 'By class.',
      examples: [
        {
          Fridges: { inserted: 0, updated: 1, deleted: 0, unchanged: 11, conflicts: 0, held: 0, rejected: 0 },
        },
      ],
    }),
    logs: z.record(z.string(), logCounts).meta({
      description: 'By table.',
      examples: [{ Tbfridge: { inserted: 48, duplicates: 2, rejected: 1 } }],
    }),
    photos: logCounts.extend({
      replaced: count.optional().meta({
        description: 'The number of different pictures under known names. Each is kept, with its readings.',
      }),
    }),
    rejections: z
      .array(
        z.object({
          file: z.string().meta({ examples: ['csv/Tbfridge.csv'] }),
          line: z
            .number()
            .int()
            .optional()
            .meta({ examples: [12] }),
          id: z
            .string()
            .optional()
            .meta({ examples: ['8380'] }),
          code: z.string().meta({ examples: ['bad-value'] }),
          reason: z.string().meta({ examples: ['Temp: "3,5°" is no number'] }),
        }),
      )
      .readonly()
      .meta({ description: 'The first 1,000; the quarantine contains all.' }),
    ignored: z
      .array(z.string())
      .readonly()
      .meta({ description: 'The names of the ignored files in the package.', examples: [['thumbs.db']] }),
    gaps: z
      .record(z.string(), logGaps)
      .optional()
      .meta({
        description: 'By table: the ids that had never arrived after this sync. Absent: none is missing.',
        examples: [
          {
            Tbfridge: {
              missing: '5',
              ranges: [
                ['12', '15'],
                ['31', '31'],
              ],
            },
          },
        ],
      }),
    drift: z
      .array(z.string())
      .readonly()
      .optional()
      .meta({
        description: 'Classes that the solution reported as different; they are replaced.',
        examples: [['Fridges']],
      }),
    cameBack: z
      .record(z.string(), z.array(z.string()).readonly())
      .optional()
      .meta({
        description: 'By class: the ids of entities that were deleted and arrived again with other content.',
        examples: [{ Fridges: ['12'] }],
      }),
    unreadableTs: z
      .record(
        z.string(),
        z.object({
          entities: z.number().int(),
          id: z.string(),
          line: z.number().int().nullable(),
          written: z.string(),
        }),
      )
      .optional()
      .meta({
        description:
          'By class: the number of entities with a `Ts` that is not a time and counts as absent, and the first of them.',
        examples: [{ Fridges: { entities: 1, id: '12', line: 4, written: 'gestern' } }],
      }),
    allIgnored: z
      .literal(true)
      .optional()
      .meta({ description: 'True: everything in the package was ignored.' }),
    reason: z
      .string()
      .optional()
      .meta({ description: 'The reason if the outcome is `failed` or everything was ignored.' }),
  })
  .meta({ id: 'SyncReport' });
