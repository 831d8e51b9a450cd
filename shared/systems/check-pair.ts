import { z } from 'zod';
import { checkDocuments, type Kinds } from './check-documents';
import { checkFields } from './check-fields';
import { entryName } from './entry-name';
import { overlapProblems } from './overlapping-folders';
import {
  documentPairSchema,
  type PairSettings,
  type RecordPairSettings,
  recordPairSchema,
} from './pair-settings';
import { below, checkBy, type Checked, type Problem, problemText } from './problem';
import type { Holding, SystemKind } from './system-kind';

/** The things that a pair is checked against. */
export interface Surroundings {
  /** The kind of the system with that name. Undefined: there is no such system. */
  readonly kindOf: (system: string) => SystemKind | undefined;
  /** The folder of a system that is one of this machine. */
  readonly folderOf: (system: string) => string | undefined;
}

/**
 * Checks a whole pair and returns all mistakes at once. `written` is the pair from a file or a program, without its
 * name.
 */
export function checkPair(written: unknown, { kindOf, folderOf }: Surroundings): Checked<PairSettings> {
  const ends = checkBy(endsOnly, written);
  if (!ends.isValid) return ends;
  const { here, there } = ends.value;
  const kinds: Kinds = { here: kindOf(here.system), there: kindOf(there.system) };
  const problems = [
    ...checkEnd('here', here, kinds.here),
    ...checkEnd('there', there, kinds.there),
    ...checkBothEnds(ends.value, kinds),
    ...checkFolders(ends.value, folderOf),
  ];
  // Without a kind the rest cannot be checked.
  const holds = kinds.here?.holds ?? kinds.there?.holds;
  if (holds === undefined) return { isValid: false, problems };
  const parsed = parse(written, holds);
  if (!parsed.isValid) return { isValid: false, problems: [...problems, ...parsed.problems] };
  problems.push(...checkWebhooks(parsed.value, kinds));
  problems.push(
    ...(parsed.value.holds === 'records' ? checkRecords(parsed.value) : checkDocuments(parsed.value, kinds)),
  );
  return problems.length > 0 ? { isValid: false, problems } : parsed;
}

/**
 * The pairs and fixed tables that a pair names and that do not exist yet. They may come with another file, so this is
 * not a mistake; until then, a record that needs them is refused with its field. One sentence for each.
 */
export function namesToCome(
  settings: PairSettings,
  systemsOf: (pair: string) => readonly [string, string] | undefined,
): string[] {
  const mine = [settings.here.system, settings.there.system].sort().join();
  return settings.fields.flatMap(({ name, link, transform }) => [
    ...(link === null ? [] : linkToCome(name, link, systemsOf(link), mine)),
    ...transform.flatMap((step) =>
      step.step === 'lookup' && !Object.hasOwn(settings.lookups, step.lookup)
        ? [`field "${name}" names the table "${step.lookup}", and "lookups" has none of that name yet`]
        : [],
    ),
  ]);
}

function linkToCome(
  field: string,
  link: string,
  systems: readonly [string, string] | undefined,
  mine: string,
): string[] {
  if (systems === undefined) return [`field "${field}" names the pair "${link}", and there is none yet`];
  return [...systems].sort().join() === mine
    ? []
    : [`field "${field}" names the pair "${link}", which joins other systems: no value of it can be said`];
}

/** A pair from the database, which was checked when it was written. Throws if it is not a valid pair. */
export function readPair(config: unknown, holds: Holding): PairSettings {
  const parsed = parse(config, holds);
  if (parsed.isValid) return parsed.value;
  throw new Error(`The settings of a pair cannot be read: ${parsed.problems.map(problemText).join('; ')}`);
}

type End = z.output<typeof end>;

const end = z.looseObject({ system: entryName });
const endsOnly = z.looseObject({ here: end, there: end });

function parse(written: unknown, holds: Holding): Checked<PairSettings> {
  const parsed =
    holds === 'records' ? checkBy(recordPairSchema, written) : checkBy(documentPairSchema, written);
  return parsed.isValid ? parsed : { isValid: false, problems: parsed.problems.map(asWritten) };
}

/** In what the operator writes, the word of a step is not a separate key. */
const asWritten = ({ path, reason }: Problem): Problem =>
  path.at(-1) === 'step' ? { path: path.slice(0, -1), reason } : { path, reason };

function checkEnd(side: 'here' | 'there', { system, ...rest }: End, kind: SystemKind | undefined): Problem[] {
  if (kind === undefined)
    return [{ path: [side, 'system'], reason: `names the system "${system}", and there is none` }];
  const checked = checkBy(kind.end, rest);
  return checked.isValid ? [] : below([side], checked.problems);
}

function checkBothEnds(ends: { readonly here: End; readonly there: End }, { here, there }: Kinds): Problem[] {
  if (here === undefined || there === undefined) return [];
  if (here.holds !== there.holds)
    return [
      {
        path: ['there', 'system'],
        reason: `holds ${there.holds} (${there.name}), and "here" holds ${here.holds} (${here.name})`,
      },
    ];
  if (JSON.stringify(ends.here) === JSON.stringify(ends.there))
    return [{ path: ['there'], reason: 'is the same as "here"' }];
  if (here.holds === 'records' || ends.here.system !== ends.there.system) return [];
  return checkRoots(ends);
}

/** If one root lies in the other, each run finds what the run before has written, and writes it one folder deeper. */
function checkRoots({ here, there }: { readonly here: End; readonly there: End }): Problem[] {
  const [shorter, longer] = [foldersOf(here), foldersOf(there)].sort((a, b) => a.length - b.length);
  if (!shorter?.every((folder, depth) => folder === longer?.[depth])) return [];
  return [{ path: ['there', 'root'], reason: 'must not hold the folder of "here" or lie in it' }];
}

/** Of one system, the roots are compared. */
function checkFolders(
  { here, there }: { readonly here: End; readonly there: End },
  folderOf: Surroundings['folderOf'],
): Problem[] {
  if (here.system === there.system) return [];
  return overlapProblems(
    { folder: folderOf(here.system), root: here['root'] },
    { folder: folderOf(there.system), root: there['root'] },
  );
}

const foldersOf = ({ root }: End): readonly string[] =>
  typeof root === 'string' ? root.split('/').filter((folder) => folder !== '') : [];

function checkWebhooks({ find }: PairSettings, kinds: Kinds): Problem[] {
  return find.webhooks.flatMap((side, place): Problem[] =>
    kinds[side]?.can.webhooks === 'none'
      ? [
          {
            path: ['find', 'webhooks', place],
            reason: `names a side of the kind ${kinds[side].name}, which sends no webhooks`,
          },
        ]
      : [],
  );
}

function checkRecords(settings: RecordPairSettings): Problem[] {
  return [...checkFields(settings), ...checkMatch(settings), ...checkWriteBack(settings)];
}

function checkMatch({ match, fields }: RecordPairSettings): Problem[] {
  return match.by.flatMap((name, place): Problem[] =>
    fields.some((rule) => rule.name === name || rule.here === name || rule.there === name)
      ? []
      : [{ path: ['match', 'by', place], reason: `is "${name}", and no field has that name` }],
  );
}

/** A field that is written back must not be kept equal as well: it would come back as a change. */
function checkWriteBack({ writeBack, fields }: RecordPairSettings): Problem[] {
  return (['here', 'there'] as const).flatMap((side) =>
    Object.keys(writeBack[side])
      .filter((name) => fields.some((rule) => rule[side] === name))
      .map((name) => ({
        path: ['writeBack', side, name],
        reason: 'is one of the fields that are kept equal',
      })),
  );
}
