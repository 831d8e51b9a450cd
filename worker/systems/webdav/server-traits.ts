import type { NameRules } from '../../pipeline/system';
import type { Finding } from '../probe';
import { fittingName } from '../tree/path-names';
import type { TreeTraits } from '../tree/path-tree';
import { isTemporary } from '../tree/temporary-names';
import type { HashTrait } from './dav-entry';

/** Which parts of the standard a server was seen to obey. */
export interface ServerTraits {
  /** The header by which the server refuses a write to a changed file. */
  readonly precondition: 'if' | 'if-match' | 'none';
  /** With `If-None-Match: *`, the server refuses a PUT to an existing file. */
  readonly putsOnlyNew: boolean;
  /** The server refuses MKCOL for a name that is taken. */
  readonly foldersOnlyNew: boolean;
  /** With `Overwrite: F`, the server refuses a MOVE to a name that is taken. */
  readonly movesOnlyToFree: boolean;
  /** A PUT is not visible before it is complete, and a PUT that is cut off leaves the earlier content. */
  readonly isAtomic: boolean;
  /** The server stores our properties, and they stay with a file that is moved. */
  readonly keepsProperties: boolean;
  /** Nobody else can write into a locked folder. */
  readonly locks: boolean;
  readonly hashes: HashTrait;
  readonly isCaseBlind: boolean;
  readonly form: NameRules['form'];
  /** Characters that the server does not accept in names. */
  readonly badCharacters: string;
  /** The server changes characters in names that cannot be seen, or does not accept them. */
  readonly refusesControls: boolean;
  /** The server accepts no name that ends with a dot or a space. */
  readonly refusesBlankEnds: boolean;
}

/** The traits of a server that was not probed: nothing is relied on. */
export const carefulTraits: ServerTraits = {
  precondition: 'none',
  putsOnlyNew: false,
  foldersOnlyNew: false,
  movesOnlyToFree: false,
  isAtomic: false,
  keepsProperties: false,
  locks: false,
  hashes: 'none',
  isCaseBlind: false,
  form: 'any',
  badCharacters: '',
  refusesControls: false,
  refusesBlankEnds: false,
};

export function treeTraitsOf(traits: ServerTraits): TreeTraits {
  const isConditional = traits.precondition !== 'none' && (traits.putsOnlyNew || traits.movesOnlyToFree);
  return {
    names: {
      isCaseBlind: traits.isCaseBlind,
      form: traits.form,
      fitting: (name) => {
        const fitting = fittingOn(traits, name);
        return fitting === name ? null : fitting;
      },
    },
    writes: isConditional ? 'conditional' : 'checked',
    maxFileBytes: null,
  };
}

function fittingOn(traits: ServerTraits, name: string): string {
  const { badCharacters, refusesControls, refusesBlankEnds } = traits;
  const isBad = (one: string) =>
    badCharacters.includes(one) || (refusesControls && /[\u0001-\u001f\u007f]/.test(one));
  const characters = Array.from(name, (one) => (isBad(one) ? '_' : one)).join('');
  const ended = refusesBlankEnds ? characters.replace(/[. ]+$/, (end) => '_'.repeat(end.length)) : characters;
  const own = isTemporary(ended) || isOfServer(ended) ? `_${ended}` : ended;
  return fittingName(own) ?? own;
}

/**
 * A file with one of these names would change how a web server treats the folder and everything in it. Someone who writes
 * to the other system must not be able to configure the server. Apache keeps properties in `.DAV`, and lists no file that
 * begins with `.davfs.tmp`.
 */
const isOfServer = (name: string): boolean =>
  /^(\.ht.*|\.dav|\.davfs\.tmp.*|web\.config|\.user\.ini)$/i.test(name);

// Traits as a finding of a probe, which is stored with the system

const code = 'webdav-traits';

export const findingOf = (traits: ServerTraits): Finding => ({
  level: 'info',
  code,
  message: sentenceOf(traits),
  about: Object.entries(traits)
    .map(([name, value]) => `${name}=${String(value)}`)
    .sort(),
});

/** Null: no finding contains traits, or an earlier version of this program that looked at less has made it. */
export function traitsIn(findings: readonly Finding[]): ServerTraits | null {
  const finding = findings.find((one) => one.code === code);
  if (finding === undefined) return null;
  const told = new Map((finding.about ?? []).map(divided));
  if (Object.keys(carefulTraits).some((name) => !told.has(name))) return null;
  const isTrue = (name: keyof ServerTraits) => told.get(name) === 'true';
  return {
    precondition: oneOf(['if', 'if-match'], told.get('precondition')) ?? 'none',
    putsOnlyNew: isTrue('putsOnlyNew'),
    foldersOnlyNew: isTrue('foldersOnlyNew'),
    movesOnlyToFree: isTrue('movesOnlyToFree'),
    isAtomic: isTrue('isAtomic'),
    keepsProperties: isTrue('keepsProperties'),
    locks: isTrue('locks'),
    hashes: oneOf(['etag-md5', 'checksums'], told.get('hashes')) ?? 'none',
    isCaseBlind: isTrue('isCaseBlind'),
    form: oneOf(['NFC', 'NFD'], told.get('form')) ?? 'any',
    badCharacters: told.get('badCharacters') ?? '',
    refusesControls: isTrue('refusesControls'),
    refusesBlankEnds: isTrue('refusesBlankEnds'),
  };
}

const divided = (text: string): readonly [string, string] => {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
};

const oneOf = <T extends string>(known: readonly T[], value: string | undefined): T | null =>
  known.find((one) => one === value) ?? null;

function sentenceOf({
  precondition,
  isAtomic,
  movesOnlyToFree,
  keepsProperties,
  locks,
}: ServerTraits): string {
  const writes =
    precondition === 'none'
      ? 'It compares nothing before a write: a file is looked at right before, and someone may be faster.'
      : `A write to a file that has changed is refused by the header ${precondition === 'if' ? 'If' : 'If-Match'}.`;
  const contents = isAtomic
    ? 'A content is seen once it is complete.'
    : 'Of a content that is cut a part stays, so it is written under a temporary name and moved.';
  const moves = movesOnlyToFree ? '' : ' A move replaces what is there, whatever is asked for.';
  const keys = keepsProperties ? ' It keeps properties: a file is known wherever it is moved.' : '';
  return `${writes} ${contents}${moves}${keys}${locks ? ' It locks folders.' : ''}`;
}
