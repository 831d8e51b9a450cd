import type { NameRules } from '../../pipeline/system';
import { isDone } from './answers';
import { nameOf } from './places';
import type { Scratch } from './scratch';
import type { ServerTraits } from './server-traits';

type NameTraits = Pick<
  ServerTraits,
  'isCaseBlind' | 'form' | 'badCharacters' | 'refusesControls' | 'refusesBlankEnds'
>;

/** Characters that some file systems or servers do not accept. rclone quotes others with the last one. */
const suspects = Array.from(':*?"<>|\\\u201b');
/** Some of the characters that cannot be seen. */
const controls = ['\u0007', '\n', '\u007f'];

const composed = 'é'.normalize('NFC');
const decomposed = composed.normalize('NFD');

/** Finds out which names a server keeps, and which of them are the same name for it. */
export async function nameTraits(scratch: Scratch): Promise<NameTraits> {
  const folder = await madeFolder(scratch);
  const wanted = [...[...suspects, ...controls].map(nameWith), composed, 'end.', 'end '];
  for (const name of wanted) await scratch.put(`${folder}${name}`, 'x').catch(() => false);
  const listed = await listedAnew(scratch, folder);
  const { names } = listed;
  return {
    isCaseBlind: (await scratch.look('A')) !== null,
    form: await formOf(scratch, listed),
    badCharacters: suspects.filter((one) => !names.has(nameWith(one))).join(''),
    refusesControls: controls.some((one) => !names.has(nameWith(one))),
    refusesBlankEnds: !names.has('end.') || !names.has('end '),
  };
}

/** A name that is not the beginning or the end of another one. */
const nameWith = (character: string): string => `n${character}n${character.charCodeAt(0)}`;

interface Listed {
  /** Ends with a slash. */
  readonly folder: string;
  readonly names: ReadonlySet<string>;
}

async function madeFolder(scratch: Scratch): Promise<string> {
  const path = scratch.path('names');
  const request = { operation: 'probe', method: 'MKCOL', path, isFolder: true } as const;
  return isDone(await scratch.client.send(request, scratch.signal)) ? 'names/' : '';
}

/**
 * The folder is moved before it is listed: rclone shows a name as it was requested until it reads the folder anew, and
 * then some characters have become others.
 */
async function listedAnew(scratch: Scratch, made: string): Promise<Listed> {
  const folder = made !== '' && (await isMoved(scratch)) ? 'moved/' : made;
  const entries = await scratch.listing.everythingIn(scratch.path(folder).slice(0, -1), scratch.signal);
  return { folder, names: new Set((entries ?? []).map(({ path }) => nameOf(path))) };
}

async function isMoved(scratch: Scratch): Promise<boolean> {
  const { client, signal } = scratch;
  const path = scratch.path('names');
  const headers = { destination: client.places.destination(scratch.path('moved'), true), overwrite: 'F' };
  const request = { operation: 'probe', method: 'MOVE', path, isFolder: true, headers } as const;
  return isDone(await client.send(request, signal));
}

async function formOf(scratch: Scratch, { folder, names }: Listed): Promise<NameRules['form']> {
  if (names.has(decomposed)) return 'NFD';
  return names.has(composed) && (await scratch.look(`${folder}${decomposed}`)) !== null ? 'NFC' : 'any';
}
