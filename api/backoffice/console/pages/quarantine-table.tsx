import type { VNode } from 'preact';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import type { QuarantinedItem } from '../../../../shared/stores/syncs/quarantine-store';
import { ExactReason, refusalOf } from '../refusal';
import { linkTo } from '../link';
import { Age, Badge, Table, tickAllColumn, type Tone } from '../parts';
import type { Words } from '../words';

interface Props {
  readonly words: Words;
  readonly items: readonly QuarantinedItem[];
  /** The kitchen's clock, where all are of one. */
  readonly zone?: string;
  /** Null: all are of one solution, which need not be named. */
  readonly names: ReadonlyMap<number, SolutionName> | null;
  /** The list that an item's page leads back to. */
  readonly list: ListQuery;
  /** The form that ticked items belong to; null: none can be ticked. */
  readonly tickedFor?: string | null;
}

export type ListQuery = Readonly<Record<string, string | number | undefined>>;

/** The refused rows, with their file and the reason. */
export const QuarantineTable = ({ words, items, zone, names, list, tickedFor = null }: Props): VNode => (
  <Table
    label={words.refused}
    fit="stacks"
    columns={[
      ...(tickedFor === null ? [] : [tickAllColumn(words, 'item')]),
      words.fileAndRow,
      words.reason,
      ...(names === null ? [] : [words.solution]),
      words.received,
      words.state,
    ]}
  >
    {items.map((item) => (
      <tr>
        {tickedFor !== null && (
          <td class="tick">
            {item.state === 'open' && (
              <input
                type="checkbox"
                name="item"
                value={item.id}
                form={tickedFor}
                aria-label={words.tick(`${item.file} ${item.line ?? ''}`.trim())}
              />
            )}
          </td>
        )}
        <th scope="row">
          <a href={linkTo(`/quarantine/${item.id}`, list)}>
            <code>{item.file}</code>
            {item.line !== null && `, ${words.line} ${item.line}`}
          </a>
          {item.rowId !== null && <span class="under">Id {item.rowId}</span>}
        </th>
        <td class="wrap">
          {refusalOf(words, item.code).why}
          <span class="under">
            <code>{item.code}</code>
            {words.colon}
            <ExactReason words={words} reason={item.reason} why={item.why} of={item.subject} />
          </span>
        </td>
        {names !== null && (
          <td class="wrap">
            <a href={`/solutions/${item.solutionId}`}>
              {names.get(item.solutionId)?.name ?? item.solutionId}
            </a>
          </td>
        )}
        <td>
          <Age words={words} at={item.createdAt} zone={zone ?? names?.get(item.solutionId)?.timezone} />
          {item.lastSeenAt !== null && (
            <span class="under">
              {words.sentTimes(item.seenCount)}, {words.lastTime}{' '}
              <Age words={words} at={item.lastSeenAt} zone={zone ?? names?.get(item.solutionId)?.timezone} />
            </span>
          )}
        </td>
        <td>
          <Badge tone={quarantineTones[item.state]}>{words.quarantineStates[item.state]}</Badge>
        </td>
      </tr>
    ))}
  </Table>
);

export const quarantineTones: Readonly<Record<QuarantinedItem['state'], Tone>> = {
  open: 'busy',
  replayed: 'good',
  discarded: 'calm',
  settled: 'good',
};
