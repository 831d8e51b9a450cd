import { z } from 'zod';

// Edits that must not overwrite what someone else has changed meanwhile. Source: RFC 9110, 13.1.1.

const header = z.string().trim().max(200);

/** The version of an object that counts its versions. Null: any version. */
export const ifVersion = z.object({
  'if-match': header
    .regex(/^(\*|"?\d{1,9}"?)$/, 'a version, e.g. "3"')
    .meta({ examples: ['"3"'] })
    .transform((text) => (text === '*' ? null : Number(text.replaceAll('"', ''))))
    .optional()
    .meta({
      description:
        'The `ETag`, or `version`, that the edit is based on. If it is a different one by now, the call returns 412 `stale`.',
    }),
});

/** The revision of an object without version numbers, which is a digest. Null: any revision. */
export const ifRevision = z.object({
  'if-match': header
    .regex(/^(\*|"?[\w-]+"?)$/, 'an ETag, e.g. "mB9w1yVq0m6XlTn2"')
    .meta({ examples: ['"mB9w1yVq0m6XlTn2"'] })
    .transform((text) => (text === '*' ? null : text.replaceAll('"', '')))
    .optional()
    .meta({
      description:
        'The `ETag`, or `revision`, that the edit is based on. If it is a different one by now, the call returns 412 `stale`.',
    }),
});

export const etagHeader = { ETag: 'For `If-Match` of an edit.' } as const;
