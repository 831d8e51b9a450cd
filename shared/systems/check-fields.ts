import type { FieldSettings } from './pair-settings';
import { below, type Problem } from './problem';

/** What is wrong with the fields of a pair, beyond their form. Paths begin at the pair. */
export const checkFields = (settings: FieldSettings): Problem[] =>
  settings.fields.flatMap((_, place) => checkField(settings, place));

function checkField(settings: FieldSettings, place: number): Problem[] {
  const { fields, groups, lookups } = settings;
  const rule = fields[place];
  if (rule === undefined) return [];
  const path = ['fields', place];
  const problems: Problem[] = [];
  if (rule.group !== 'default' && !Object.hasOwn(groups, rule.group))
    problems.push({ path: [...path, 'group'], reason: `names the group "${rule.group}", and there is none` });
  problems.push(...below([...path, 'transform'], checkReversible(rule, lookups)));
  const earlier = fields.slice(0, place);
  if (earlier.some((one) => one.name === rule.name))
    problems.push({
      path: [...path, 'here'],
      reason: `is "${rule.name}", as an earlier field is; give one of them a "name"`,
    });
  if (rule.flows !== 'to-there' && earlier.some((one) => one.flows !== 'to-there' && one.here === rule.here))
    problems.push({
      path: [...path, 'here'],
      reason: `is "${rule.here}", which an earlier field writes as well`,
    });
  if (rule.flows !== 'to-here' && earlier.some((one) => one.flows !== 'to-here' && one.there === rule.there))
    problems.push({
      path: [...path, 'there'],
      reason: `is "${rule.there}", which an earlier field writes as well`,
    });
  return problems;
}

/** If two values become the same value, the way back is undefined. */
function checkReversible(
  { transform, flows }: FieldSettings['fields'][number],
  lookups: FieldSettings['lookups'],
): Problem[] {
  return transform.flatMap((step, place): Problem[] => {
    if (step.step === 'boolean')
      return (['here', 'there'] as const).flatMap((side) => {
        const [yes = true, no = false] = step.boolean[side] ?? [];
        return String(yes) === String(no)
          ? [{ path: [place, 'boolean', side], reason: 'has one value for both true and false' }]
          : [];
      });
    const entries =
      step.step === 'map' ? step.map : step.step === 'lookup' ? lookups[step.lookup] : undefined;
    // A field with one direction needs only the steps of that direction.
    if (entries === undefined || flows === 'to-there') return [];
    const twice = Object.values(entries).find(
      (value, at, all) => all.findIndex((one) => String(one) === String(value)) < at,
    );
    if (twice === undefined) return [];
    const reason = `cannot be reversed: two values become "${String(twice)}"; let the field flow to-there only`;
    return [{ path: [place, step.step], reason }];
  });
}
