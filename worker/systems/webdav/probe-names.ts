import type { NameRules } from '../../pipeline/system';
import { nameOf } from './places';
import type { Scratch } from './scratch';
import type { ServerTraits } from './server-traits';

type NameTraits = Pick<ServerTraits, 'isCaseBlind' | 'form' | 'badCharacters' | 'refusesBlankEnds'>;

/** Those that some file system, or some server, does not take. */
const suspects = Array.from(':*?"<>|\\');

const composed = 'é'.normalize('NFC');
const decomposed = composed.normalize('NFD');

/** Which names a server takes, and which of them are one to it. */
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

/** Of no other name the beginning or the end. */
const nameWith = (character: string): string => `n${character}n${character.charCodeAt(0)}`;

async function namesIn(scratch: Scratch): Promise<ReadonlySet<string>> {
  const entries = (await scratch.listing.everythingIn(scratch.path('').slice(0, -1), scratch.signal)) ?? [];
  return new Set(entries.map(({ path }) => nameOf(path)));
}

async function formOf(scratch: Scratch, names: ReadonlySet<string>): Promise<NameRules['form']> {
  if (names.has(decomposed)) return 'NFD';
  return names.has(composed) && (await scratch.look(decomposed)) !== null ? 'NFC' : 'any';
}
