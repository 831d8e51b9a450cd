import type { RecordPairSettings } from '../../../shared/systems/pair-settings';
import type { WantedField, WantedType } from './prepare';

/** The fields that a pair reads and writes on one side, and how they are created if they are missing. */
export function wantedFields(pair: RecordPairSettings, side: 'here' | 'there'): readonly WantedField[] {
  return [
    ...pair.fields.map((rule) => ({ name: rule[side], type: typeOf(rule.transform, side) })),
    ...Object.entries(pair.writeBack[side]).map(([name, value]) => ({ name, type: describedTypes(value) })),
  ];
}

function typeOf(
  transform: RecordPairSettings['fields'][number]['transform'],
  side: 'here' | 'there',
): WantedType {
  for (const step of transform) {
    if (step.step === 'date')
      return /HH/.test(step.date[side]) || step.date[side] === 'datetime' ? 'datetime' : 'date';
    if (step.step === 'number') return step.number[side] === 'number' ? 'float' : 'varchar';
    if (step.step === 'boolean') return step.boolean[side] === undefined ? 'bool' : 'varchar';
  }
  return 'varchar';
}

function describedTypes(value: string): WantedType {
  switch (value) {
    case '$now':
      return 'datetime';
    case '$attempts':
      return 'int';
    case '$error':
      return 'text';
    default:
      return 'varchar';
  }
}
