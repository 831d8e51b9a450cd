import type { RecordPairSettings } from '../../shared/systems/pair-settings';
import type { Side } from '../pipeline/sides';

/** What a pair says of one of its sides, without the name of the system: its entity, table or model. */
export function endOf(settings: RecordPairSettings, side: Side): object {
  return Object.fromEntries(Object.entries(settings[side]).filter(([name]) => name !== 'system'));
}

/** The names that the system itself has for the fields that a pair reads or writes there. */
export const ownFields = ({ fields, writeBack }: RecordPairSettings, side: Side): string[] => [
  ...new Set([...fields.map((rule) => rule[side]), ...Object.keys(writeBack[side])]),
];
