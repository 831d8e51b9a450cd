import type { NameRules } from '../../pipeline/system';
import { nameOf } from './places';
import type { Scratch } from './scratch';
import type { ServerTraits } from './server-traits';

type NameTraits = Pick<ServerTraits, 'isCaseBlind' | 'form' | 'badCharacters' | 'refusesBlankEnds'>;

/** Characters that some file systems or servers do not accept. */
const suspects = Array.from(':*?"<>|\\');

const composed = 'é'.normalize('NFC');
const decomposed = composed.normalize('NFD');

/** Finds out which names a server accepts, and which of them are the same name for it. */
export async function nameTraits(scratch: Scratch): Promise<NameTraits> {
  const wanted = [...suspects.map(nameWith), composed, 'end.', 'end '];
  for (const name of wanted) await scratch.put(name, 'x').catch(() => false);
  const names = await namesIn(scratch);
  return {
    isCaseBlind: (await scratch.look('A')) !== null,
    form: await formOf(scratch, names),
    badCharacters: suspects.filter((one) => !names.has(nameWith(one))).join(''),
    refusesBlankEnds: !names.has('end.') || !names.has('end '),
  };
}

/** A name that is not the beginning or the end of another one. */
const nameWith = (character: string): string => `n${character}n${character.charCodeAt(0)}`;

async function namesIn(scratch: Scratch): Promise<ReadonlySet<string>> {
  const entries = (await scratch.listing.everythingIn(scratch.path('').slice(0, -1), scratch.signal)) ?? [];
  return new Set(entries.map(({ path }) => nameOf(path)));
}

async function formOf(scratch: Scratch, names: ReadonlySet<string>): Promise<NameRules['form']> {
  if (names.has(decomposed)) return 'NFD';
  return names.has(composed) && (await scratch.look(decomposed)) !== null ? 'NFC' : 'any';
}
