import type { VNode } from 'preact';
import { z } from 'zod';
import { isSame, statesOf } from '../../../../../shared/formats/link-state';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PlanItemView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import { numberText } from '../../format';
import { Badge, Card, type Tone } from '../../parts';
import type { Words } from '../../words';
import { systemOn } from './pair-frame';
import { ValueChange } from './shown-value';
import { nameOfCopy } from './pair-links';
import { ToldReason } from './told-reason';

interface Props {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly items: readonly PlanItemView[];
}

/** Each record of a plan, with every field that would be another. */
export const PlanLines = ({ words, pair, items }: Props): VNode => (
  <Card title={words.pairs.planLines}>
    <ul class="rows">
      {items.map((item) => (
        <PlanLine words={words} pair={pair} item={item} />
      ))}
    </ul>
  </Card>
);

const tones: Readonly<Record<string, Tone>> = {
  created: 'good',
  updated: 'busy',
  moved: 'busy',
  deleted: 'bad',
  conflict: 'bad',
  failed: 'bad',
  quarantined: 'bad',
};

export const VerdictBadge = ({ words, verdict }: { words: Words; verdict: string }): VNode => (
  <Badge tone={tones[verdict] ?? 'calm'}>{verdictText(words, verdict)}</Badge>
);

/** The badge of something that was done. A record that was only examined is not joined again. */
export const DoneBadge = ({ words, verdict }: { words: Words; verdict: string }): VNode =>
  verdict === 'unchanged' || verdict === 'agreed' ? (
    <Badge tone="calm">{words.pairs.nothingToChange}</Badge>
  ) : (
    <VerdictBadge words={words} verdict={verdict} />
  );

/** The planned or actual result for a record. */
export function verdictText({ pairs }: Words, verdict: string): string {
  const known: Readonly<Record<string, string>> = pairs.verdicts;
  return Object.hasOwn(known, verdict) ? (known[verdict] ?? verdict) : verdict;
}

/** e.g. `created: 3, changed: 12`. */
export function verdictCounts(words: Words, counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(
    ([verdict, count]) => `${verdictText(words, verdict)}${words.colon}${numberText(words, count)}`,
  );
  return parts.length === 0 ? '–' : parts.join(', ');
}

function PlanLine({ words, pair, item }: Omit<Props, 'items'> & { item: PlanItemView }): VNode {
  const { pairs } = words;
  const name = nameOfItem(item) ?? item.key;
  return (
    <li>
      <div>
        {item.link === null ? <strong>{name}</strong> : <a href={`/links/${item.link}`}>{name}</a>}{' '}
        <span class="soft">
          {systemOn(pair, item.side)} {name !== item.key && <code>{item.key}</code>}
        </span>
        {operationsOf(item.operations).map(({ side, op }) => (
          <Operation words={words} pair={pair} side={side} op={op} item={item} />
        ))}
        {item.reason !== null && (
          <p class="soft">
            <ToldReason words={words} of={item} />
          </p>
        )}
        {operationsOf(item.operations).length === 0 && item.reason === null && (
          <p class="soft">{pairs.nothingWritten}</p>
        )}
      </div>
      <VerdictBadge words={words} verdict={item.verdict} />
    </li>
  );
}

/** The name by which a person recognises the record. Null: it has no text. */
function nameOfItem({ before, after }: Pick<PlanItemView, 'before' | 'after'>): string | null {
  const [then, now] = [statesOf(before), statesOf(after)];
  return nameOfCopy(now?.here ?? now?.there ?? then?.here ?? then?.there ?? null);
}

interface OperationProps {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly side: 'here' | 'there';
  readonly op: 'create' | 'update' | 'move' | 'delete';
  readonly item: Pick<PlanItemView, 'before' | 'after'>;
}

function Operation({ words, pair, side, op, item }: OperationProps): VNode {
  const { pairs } = words;
  const changes = op === 'delete' ? [] : changesOf(item, side);
  return (
    <div class="operation">
      <p>{pairs.operations[op](systemOn(pair, side))}</p>
      <Changes words={words} changes={changes} isNew={op === 'create'} />
    </div>
  );
}

/** Each field that is, or would be, another. */
export const Changes = ({
  words,
  changes,
  isNew,
}: {
  words: Words;
  changes: readonly FieldChange[];
  isNew: boolean;
}): VNode | null =>
  changes.length === 0 ? null : (
    <ul class="changes">
      {changes.map(({ field, before, after }) => (
        <li>
          {field}
          {words.colon}
          <ValueChange words={words} before={before} after={after} isNew={isNew} />
        </li>
      ))}
    </ul>
  );

export interface FieldChange {
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** The fields of one side whose values differ before and after. */
export function changesOf(
  { before, after }: { readonly before: unknown; readonly after: unknown },
  side: 'here' | 'there',
): FieldChange[] {
  const [then, now] = [statesOf(before)?.[side] ?? {}, statesOf(after)?.[side] ?? {}];
  return [...new Set([...Object.keys(now), ...Object.keys(then)])].flatMap((field) => {
    const [old, young] = [then[field] ?? null, now[field] ?? null];
    return isSame(old, young) ? [] : [{ field, before: old, after: young }];
  });
}

const operations = z
  .array(z.object({ side: z.enum(['here', 'there']), op: z.enum(['create', 'update', 'move', 'delete']) }))
  .catch([]);

export const operationsOf = (kept: unknown) => operations.parse(kept);
