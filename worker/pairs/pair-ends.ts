import type { Side } from '../pipeline/sides';
import type { WorkedSettings } from './worked-settings';

/** What a pair says of one of its sides, without the name of the system: its entity, table or model. */
export function endOf(settings: Pick<WorkedSettings, Side>, side: Side): object {
  return Object.fromEntries(Object.entries(settings[side]).filter(([name]) => name !== 'system'));
}

/** The names that the system itself has for the fields that a pair reads or writes there. */
export const ownFields = (
  { fields, writeBack }: Pick<WorkedSettings, 'fields' | 'writeBack'>,
  side: Side,
): string[] => [...new Set([...fields.map((rule) => rule[side]), ...Object.keys(writeBack[side])])];
