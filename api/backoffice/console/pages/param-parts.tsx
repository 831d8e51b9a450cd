import type { VNode } from 'preact';
import type { ParameterClass } from '../../../../shared/catalog/parameter-classes';
import { maxFailures } from '../../../../shared/domain/failed-instruction';
import type { FieldValue } from '../../../../shared/domain/merge-copy';
import type { Param } from '../../../../shared/stores/parameters/param-store';
import { exactText } from '../format';
import { Badge } from '../parts';
import type { Words } from '../words';

export const entityPath = (solutionId: number, { name }: ParameterClass, id: string) =>
  `/solutions/${solutionId}/params/${name}/${encodeURIComponent(id)}`;

export const ParamBadges = ({ words, param }: { words: Words; param: Param }): VNode => (
  <span class="badges">
    {!param.isActive && <Badge tone="calm">{words.deleted}</Badge>}
    {param.isHeld && <Badge tone="bad">{words.held}</Badge>}
    {param.failures > 0 && (
      <Badge tone="bad">
        {param.failures >= maxFailures ? words.parked : words.failedTimes(param.failures)}
      </Badge>
    )}
    {param.isDue ? <Badge tone="busy">{words.due}</Badge> : <Badge tone="good">{words.agreed}</Badge>}
  </span>
);

/** Who changed something: `solution` is the kitchen itself. */
export const byText = (words: Words, by: string): string => (by === 'solution' ? words.theSolution : by);

export function valueText(words: Words, value: FieldValue): string {
  if (value === null) return '–';
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  if (typeof value === 'number') return exactText(words, value);
  return typeof value === 'string' ? value : value.xml;
}
