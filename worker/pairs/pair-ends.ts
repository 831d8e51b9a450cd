import type { Side } from '../pipeline/sides';
import type { WorkedSettings } from './worked-settings';

/** The settings of a pair for one of its sides, without the name of the system: its entity, table or model. */
export function endOf(settings: Pick<WorkedSettings, Side>, side: Side): object {
  return Object.fromEntries(Object.entries(settings[side]).filter(([name]) => name !== 'system'));
}

/** The fields that a pair reads or writes in a system, by their names in that system. */
export const ownFields = (
  { fields, writeBack }: Pick<WorkedSettings, 'fields' | 'writeBack'>,
  side: Side,
): string[] => [...new Set([...fields.map((rule) => rule[side]), ...Object.keys(writeBack[side])])];
