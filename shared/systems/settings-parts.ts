import { z } from 'zod';
import { hasReference } from './references';

// Parts that the settings of several kinds share.

/** Any text that is not empty. It may contain `${NAME}`, which is read when it is used. */
export const text = z.string().trim().min(1, 'is empty').max(2_000, 'has more than 2000 characters');

/** A name of a table, a column, a field, a model. */
export const nameText = text.max(200, 'has more than 200 characters');

/** If user and password were in it, the logs of proxies would contain them. */
export const httpUrl = text.refine(
  (written) => hasReference(written) || isPlainHttpUrl(written),
  'must be a URL that begins with https:// or http://, without user and password',
);

/** A port may be given by `${NAME}` as well: then it is a text of digits. */
export const portOr = (usual: number) =>
  z
    .union(
      [z.int().min(1).max(65_535), z.string().refine((written) => hasReference(written) || isPort(written))],
      { error: 'must be a port, from 1 to 65535' },
    )
    .default(usual);

/** How many calls a server gets at a time. */
export const callLimits = (usual: { readonly atOnce: number }) =>
  z
    .strictObject({
      atOnce: z.int().min(1).max(64).default(usual.atOnce).describe('Most calls at a time.'),
      perSecond: z.number().positive().max(1_000).optional().describe('Most calls in a second.'),
    })
    .prefault({});

/** How a connection to a database is encrypted. The words are those of PostgreSQL. */
export const tlsMode = z
  .enum(['off', 'prefer', 'require', 'verify'])
  .default('prefer')
  .describe(
    'prefer: encrypted where the server can; require: encrypted or not at all; verify: and its certificate is checked.',
  );

export const userAndPassword = z.strictObject({ user: text, password: text });

/** For systems with documents: the folder that is kept equal; empty means everything. */
export const folderEnd = z.strictObject({
  root: z.string().max(1_000).default('').refine(isInside, 'must be a path without ".." and "."'),
});
export type FolderEnd = z.output<typeof folderEnd>;

function isPlainHttpUrl(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password } = new URL(written);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

const isPort = (written: string): boolean => {
  const port = Number(written);
  return /^\d{1,5}$/.test(written) && port >= 1 && port <= 65_535;
};

function isInside(path: string): boolean {
  return !path.split('/').some((part) => part === '..' || part === '.');
}
