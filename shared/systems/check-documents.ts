import { checkFields } from './check-fields';
import type { FieldRule } from './field-settings';
import type { DocumentPairSettings } from './pair-settings';
import type { Problem } from './problem';
import type { SystemKind } from './system-kind';

/** The kinds of the two systems. Undefined: there is no such system. */
export interface Kinds {
  readonly here: SystemKind | undefined;
  readonly there: SystemKind | undefined;
}

/** What is wrong with a pair of documents, beyond its form. */
export const checkDocuments = (settings: DocumentPairSettings, kinds: Kinds): Problem[] => [
  ...checkDirection(settings, kinds),
  ...checkFields(settings),
  ...checkDocumentFields(settings, kinds),
];

/** Nothing is written to a side that is only read, so nothing may be asked for that would write to it. */
function checkDirection(settings: DocumentPairSettings, { here, there }: Kinds): Problem[] {
  const { direction, deletions, conflict } = settings;
  const problems: Problem[] = [];
  if (there?.can.writes === 'none')
    problems.push({
      path: ['there', 'system'],
      reason: `is of the kind ${there.name}, which is only read: name it in "here"`,
    });
  if (direction === 'both') {
    if (here?.can.writes !== 'none') return problems;
    const reason = `must be "there": "here" is of the kind ${here.name}, which is only read`;
    return [...problems, { path: ['direction'], reason }];
  }
  if (deletions.here === 'restore')
    problems.push({
      path: ['deletions', 'here'],
      reason: 'must be propagate, mark or ask: with "direction: there" nothing is written here',
    });
  if (deletions.there === 'propagate' || deletions.there === 'ask')
    problems.push({
      path: ['deletions', 'there'],
      reason: 'must be mark or restore: with "direction: there" nothing is deleted here',
    });
  if (conflict.place === 'there')
    problems.push({
      path: ['conflict', 'place'],
      reason: 'must be here or manual: with "direction: there" nothing is moved here',
    });
  return problems;
}

/** What conflicts, plans and pages call the name, the folder and the bytes of a document. */
const wordsOfDocuments: readonly string[] = ['name', 'parent', 'place', 'content'];

function checkDocumentFields({ fields, direction }: DocumentPairSettings, kinds: Kinds): Problem[] {
  if (fields.length === 0) return [];
  const without = (['here', 'there'] as const).flatMap((side): Problem[] => {
    const kind = kinds[side];
    if (kind === undefined || kind.can.hasFields) return [];
    const reason = `cannot be kept equal: "${side}" is of the kind ${kind.name}, whose documents have no fields`;
    return [{ path: ['fields'], reason }];
  });
  return [...without, ...fields.flatMap((rule, place) => checkDocumentField(rule, place, direction))];
}

function checkDocumentField(
  { name, link, flows }: FieldRule,
  place: number,
  direction: DocumentPairSettings['direction'],
): Problem[] {
  const path = ['fields', place];
  const problems: Problem[] = [];
  if (wordsOfDocuments.includes(name))
    problems.push({
      path: [...path, 'here'],
      reason: `is "${name}", which has another meaning for documents; give the field a "name"`,
    });
  if (link !== null)
    problems.push({
      path: [...path, 'link'],
      reason: 'is not possible here: it names a record of a pair of records',
    });
  if (direction === 'there' && flows === 'to-here')
    problems.push({
      path: [...path, 'flows'],
      reason: 'must be both or to-there: with "direction: there" nothing is written here',
    });
  return problems;
}
