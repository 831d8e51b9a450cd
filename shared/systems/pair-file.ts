import { type Document, isMap, isPair, isScalar, LineCounter, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { checkPair, type Surroundings } from './check-pair';
import { folderIn } from './overlapping-folders';
import { checkSystem, type CheckedSystem } from './check-system';
import { entryName } from './entry-name';
import { pairModes, type PairMode, type PairSettings } from './pair-settings';
import { below, checkBy, type Problem } from './problem';
import type { Json } from './references';
import { type SystemKind, type SystemKindName, systemKindNames } from './system-kind';
import { systemKinds } from './system-kinds';

// The operator's file: one YAML file of one or more documents. All its mistakes are reported at once.

/** A mistake and its place. */
export interface FileMistake {
  /** The first is 1. */
  readonly line: number;
  /** The path of keys, e.g. `pairs.person.fields.0.transform.1`; empty: the file itself. */
  readonly path: string;
  /** The end of a sentence that begins with the path. */
  readonly reason: string;
}

export interface FileSystemEntry extends CheckedSystem {
  readonly name: string;
  readonly kind: SystemKindName;
  /** The name of an account; null: none is given. */
  readonly account: string | null;
}

export interface FilePairEntry {
  readonly name: string;
  /** Null: none is given. */
  readonly mode: PairMode | null;
  /** The pair as it was written, with the fixed tables that it uses. */
  readonly config: Json;
  readonly settings: PairSettings;
}

export interface PairFile {
  readonly systems: readonly FileSystemEntry[];
  readonly pairs: readonly FilePairEntry[];
  /** Instances of the interface of sosync. */
  readonly sosync: readonly FileSosyncEntry[];
}

/** An instance: the names that its callers use, and the system to which jobs are mirrored. */
export interface FileSosyncEntry {
  readonly instance: string;
  readonly systems: { readonly fs: string; readonly fso: string };
  /** The pair of each model. */
  readonly models: Readonly<Record<string, string>>;
  readonly protocol: { readonly system: string; readonly model: string } | null;
}

/** The existing systems and pairs that are not in the file. */
export interface Known {
  readonly kindOf: (system: string) => SystemKindName | undefined;
  /** As in `Surroundings`. */
  readonly folderOf: (system: string) => string | undefined;
  /** The systems of a pair. Undefined: there is no such pair. */
  readonly endsOf: (pair: string) => PairEnds | undefined;
}

export interface PairEnds {
  readonly here: string;
  readonly there: string;
}

export type ReadFile =
  | { readonly isValid: true; readonly file: PairFile }
  | { readonly isValid: false; readonly mistakes: readonly FileMistake[] };

const maxCharacters = 5_000_000;

/** Reads a file, and checks it against itself and the existing systems and pairs. */
export function readPairFile(text: string, known: Known): ReadFile {
  if (text.length > maxCharacters)
    return refused([{ line: 1, path: '', reason: 'the file is larger than 5,000,000 characters' }]);
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const parts = ('empty' in documents ? [] : documents).map((document) => readDocument(document, lines));
  const unread = parts.flatMap(({ mistakes }) => mistakes);
  if (unread.length > 0) return refused(unread);
  return checkParts(parts, known);
}

const refused = (mistakes: readonly FileMistake[]): ReadFile => ({
  isValid: false,
  mistakes: [...mistakes].sort((one, other) => one.line - other.line),
});

interface Part {
  readonly document: Document.Parsed;
  readonly lines: LineCounter;
  readonly content: z.output<typeof fileShape>;
  readonly mistakes: readonly FileMistake[];
}

const written = z.record(z.string(), z.unknown());
const fileShape = z.strictObject({
  systems: z.record(z.string(), written).default({}),
  pairs: z.record(z.string(), written).default({}),
  lookups: z.record(z.string(), z.json()).default({}),
  sosync: z
    .strictObject({
      instance: z.string().min(1).max(100),
      systems: z.strictObject({ fs: entryName, fso: entryName }),
      models: z.record(z.string(), entryName),
      protocol: z.strictObject({ system: entryName, model: z.string().min(1) }).optional(),
    })
    .optional(),
});

const nothing = { systems: {}, pairs: {}, lookups: {} };

function readDocument(document: Document.Parsed, lines: LineCounter): Part {
  const found = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    line: lines.linePos(pos[0]).line,
    path: '',
    reason: message,
  }));
  if (found.length > 0) return { document, lines, content: nothing, mistakes: found };
  const json = jsonOf(document);
  if (json instanceof Error)
    return { document, lines, content: nothing, mistakes: [{ line: 1, path: '', reason: json.message }] };
  const checked = checkBy(fileShape, json ?? {});
  return checked.isValid
    ? { document, lines, content: checked.value, mistakes: [] }
    : { document, lines, content: nothing, mistakes: checked.problems.map(placedIn(document, lines)) };
}

/** Only a few aliases are allowed, so that a small file cannot expand into a large one. */
function jsonOf(document: Document.Parsed): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 });
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function checkParts(parts: readonly Part[], known: Known): ReadFile {
  const mistakes: FileMistake[] = [...doubles(parts, 'systems'), ...doubles(parts, 'pairs')];
  const ofFile = new Map(
    parts.flatMap(({ content }) =>
      Object.entries(content.systems).map(([name, { kind }]) => [name, kindNamed(kind)] as const),
    ),
  );
  const endsOfFile = new Map(
    parts.flatMap(({ content }) =>
      Object.entries(content.pairs).map(([name, entry]) => [name, writtenEnds(entry)] as const),
    ),
  );
  const kindOf = (system: string): SystemKind | undefined => {
    const name = ofFile.has(system) ? ofFile.get(system) : known.kindOf(system);
    return name === undefined ? undefined : systemKinds[name];
  };
  const folders = new Map(
    parts.flatMap(({ content }) =>
      Object.entries(content.systems).map(
        ([name, entry]) => [name, folderIn(String(entry['kind']), entry)] as const,
      ),
    ),
  );
  const folderOf = (system: string) => (ofFile.has(system) ? folders.get(system) : known.folderOf(system));
  const endsOf = (name: string) => endsOfFile.get(name) ?? known.endsOf(name);
  const lookups = Object.assign({}, ...parts.map(({ content }) => content.lookups)) as Record<string, Json>;
  const systems: FileSystemEntry[] = [];
  const pairs: FilePairEntry[] = [];
  const sosync: FileSosyncEntry[] = [];
  for (const { content, document, lines } of parts) {
    const place = placedIn(document, lines);
    const keep = <T>(entry: T | Problem[], into: T[]) =>
      Array.isArray(entry) ? void mistakes.push(...entry.map(place)) : void into.push(entry);
    for (const [name, entry] of Object.entries(content.systems)) keep(readSystem(name, entry), systems);
    for (const [name, entry] of Object.entries(content.pairs))
      keep(readPairEntry(name, withLookups(entry, lookups), { kindOf, folderOf }), pairs);
    mistakes.push(...sosyncProblems(content.sosync, { kindOf, endsOf }).map(place));
    const earlier = sosync.some(({ instance }) => instance === content.sosync?.instance);
    if (earlier) mistakes.push(place({ path: ['sosync', 'instance'], reason: 'stands twice' }));
    if (content.sosync !== undefined)
      sosync.push({ ...content.sosync, protocol: content.sosync.protocol ?? null });
  }
  return mistakes.length > 0 ? refused(mistakes) : { isValid: true, file: { systems, pairs, sosync } };
}

const ends = z.object({ here: z.object({ system: z.string() }), there: z.object({ system: z.string() }) });

/** If a pair does not name them, another check reports it. */
function writtenEnds(entry: z.output<typeof written>): PairEnds {
  const { data } = ends.safeParse(entry);
  return { here: data?.here.system ?? '', there: data?.there.system ?? '' };
}

const kindNamed = (kind: unknown): SystemKindName | undefined =>
  systemKindNames.find((name) => name === kind);

const ownKeys = z.object({ kind: z.enum(systemKindNames), account: z.string().trim().min(1).optional() });

function readSystem(name: string, entry: z.output<typeof written>): FileSystemEntry | Problem[] {
  const path = ['systems', name];
  const named = nameProblems(path, name);
  const own = checkBy(ownKeys, entry);
  if (!own.isValid) return [...named, ...below(path, own.problems)];
  const { kind: kindName, account = null } = own.value;
  const checked = checkSystem(systemKinds[kindName], without(entry, 'kind', 'account'));
  if (!checked.isValid) return [...named, ...below(path, checked.problems)];
  return named.length > 0 ? named : { name, kind: kindName, account, ...checked.value };
}

const modeAlone = z.object({ mode: z.enum(pairModes).optional() });

function readPairEntry(
  name: string,
  entry: z.output<typeof written>,
  surroundings: Parameters<typeof checkPair>[1],
): FilePairEntry | Problem[] {
  const path = ['pairs', name];
  const named = nameProblems(path, name);
  const checked = checkPair(entry, surroundings);
  if (!checked.isValid) return [...named, ...below(path, checked.problems)];
  if (named.length > 0) return named;
  const { mode = null } = modeAlone.parse(entry);
  return { name, mode, config: z.json().parse(without(entry, 'mode')), settings: checked.value };
}

const without = (entry: z.output<typeof written>, ...keys: readonly string[]) =>
  Object.fromEntries(Object.entries(entry).filter(([key]) => !keys.includes(key)));

const nameProblems = (path: readonly string[], name: string): Problem[] => {
  const checked = checkBy(entryName, name);
  return checked.isValid ? [] : below(path, checked.problems);
};

const usedTables = z.object({
  lookups: z.record(z.string(), z.unknown()).optional(),
  fields: z.array(
    z.object({
      transform: z.array(z.union([z.object({ lookup: z.string() }), z.unknown()])).optional(),
    }),
  ),
});

/** A pair stores the fixed tables that it uses, so that it is complete by itself. */
function withLookups(
  entry: z.output<typeof written>,
  lookups: Readonly<Record<string, Json>>,
): z.output<typeof written> {
  const parsed = usedTables.safeParse(entry);
  if (!parsed.success) return entry;
  const names = parsed.data.fields.flatMap(({ transform = [] }) =>
    transform.flatMap((step) => {
      const one = z.object({ lookup: z.string() }).safeParse(step);
      return one.success && Object.hasOwn(lookups, one.data.lookup) ? [one.data.lookup] : [];
    }),
  );
  if (names.length === 0) return entry;
  const taken = Object.fromEntries(names.map((name) => [name, lookups[name]]));
  return { ...entry, lookups: { ...taken, ...parsed.data.lookups } };
}

function sosyncProblems(
  sosync: z.output<typeof fileShape>['sosync'],
  { kindOf, endsOf }: Pick<Surroundings, 'kindOf'> & Pick<Known, 'endsOf'>,
): Problem[] {
  if (sosync === undefined) return [];
  const systems = [
    ...Object.entries(sosync.systems).map(([key, name]) => ({ path: ['sosync', 'systems', key], name })),
    ...(sosync.protocol === undefined
      ? []
      : [{ path: ['sosync', 'protocol', 'system'], name: sosync.protocol.system }]),
  ];
  return [
    ...systems
      .filter(({ name }) => kindOf(name) === undefined)
      .map(({ path, name }) => ({ path, reason: `names the system "${name}", and there is none` })),
    ...(sosync.systems.fs === sosync.systems.fso
      ? [{ path: ['sosync', 'systems', 'fso'], reason: 'is the same system as "fs"' }]
      : []),
    ...protocolProblems(sosync.protocol?.system, kindOf),
    ...Object.entries(sosync.models).flatMap(([model, pair]) => {
      const reason = modelFault(pair, endsOf(pair), sosync.systems);
      return reason === null ? [] : [{ path: ['sosync', 'models', model], reason }];
    }),
  ];
}

function protocolProblems(system: string | undefined, kindOf: Surroundings['kindOf']): Problem[] {
  const kind = system === undefined ? undefined : kindOf(system);
  if (kind === undefined || kind.name === 'odoo') return [];
  return [
    {
      path: ['sosync', 'protocol', 'system'],
      reason: `is of the kind ${kind.name}, and jobs are mirrored to odoo`,
    },
  ];
}

/** Null: the pair joins records on both sides. */
function modelFault(
  pair: string,
  pairEnds: PairEnds | undefined,
  { fs, fso }: { readonly fs: string; readonly fso: string },
): string | null {
  if (pairEnds === undefined) return `names the pair "${pair}", and there is none`;
  const { here, there } = pairEnds;
  const isOfBoth = (here === fs && there === fso) || (here === fso && there === fs);
  return isOfBoth ? null : `names the pair "${pair}", which is not one of "${fs}" and "${fso}"`;
}

/** A name that occurs in two documents of the file. Within one document, YAML itself refuses it. */
function doubles(parts: readonly Part[], group: 'systems' | 'pairs'): FileMistake[] {
  const seen = new Set<string>();
  return parts.flatMap(({ content, document, lines }) =>
    Object.keys(content[group]).flatMap((name) => {
      const isDouble = seen.has(name);
      seen.add(name);
      return isDouble ? [placedIn(document, lines)({ path: [group, name], reason: 'stands twice' })] : [];
    }),
  );
}

const placedIn =
  (document: Document.Parsed, lines: LineCounter) =>
  ({ path, reason }: Problem): FileMistake => ({
    line: lineOf(document, lines, path),
    path: path.join('.'),
    reason,
  });

/** The line of a path, or of the nearest existing key above it. */
function lineOf(document: Document.Parsed, lines: LineCounter, path: Problem['path']): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset !== null) return lines.linePos(offset).line;
  }
  return lines.linePos(document.contents?.range[0] ?? document.range[0]).line;
}

/** The position of a key, or of an entry of a list. */
function offsetOf(document: Document.Parsed, path: Problem['path']): number | null {
  const holder = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (isMap(holder)) {
    const pair = holder.items.find(
      (one) => isPair(one) && isScalar(one.key) && String(one.key.value) === String(last),
    );
    return isScalar(pair?.key) ? (pair.key.range?.[0] ?? null) : null;
  }
  const node = document.getIn(path, true);
  return isNodeWithRange(node) ? node.range[0] : null;
}

const isNodeWithRange = (node: unknown): node is { readonly range: readonly [number, number, number] } =>
  typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
