import type { VNode } from 'preact';
import { z } from 'zod';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { LinkEventView } from '../../../../../shared/stores/pairs/link-desk-store';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { durationText, personText } from '../../format';
import { Card, Empty, Moment } from '../../parts';
import type { Words } from '../../words';
import { systemOn } from './pair-frame';
import { Changes, changesOf, operationsOf, DoneBadge } from './plan-lines';
import { visibleLines } from './shown-value';
import { ToldReason } from './told-reason';

interface Props {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly events: readonly LinkEventView[];
}

/** The events of a record, the newest first, with each call and its response. */
export const Timeline = ({ words, pair, events }: Props): VNode => (
  <Card
    id="timeline"
    title={words.pairs.timeline}
    aside={<span class="soft">{words.pairs.timelineMeaning}</span>}
  >
    {events.length === 0 ? (
      <Empty title={words.pairs.nothingDone} />
    ) : (
      <ol class="timeline">
        {events.map((event) => (
          <Event words={words} pair={pair} event={event} />
        ))}
      </ol>
    )}
  </Card>
);

/** The reasons of other kinds only repeat the name of the kind. */
const toldReasons: readonly string[] = ['failed', 'given-up', 'untouched', 'skipped', 'quarantined'];
const badKinds: readonly string[] = ['failed', 'given-up', 'conflict', 'quarantined', 'untouched'];

/** Whether somebody may have to do something about it. */
export const isBadEvent = (kind: string): boolean => badKinds.includes(kind);

function Event({ words, pair, event }: Omit<Props, 'events'> & { event: LinkEventView }): VNode {
  const { kind, verdict, reason, at, by } = event;
  const isBad = isBadEvent(kind);
  return (
    <li class={isBad ? 'bad' : undefined}>
      <span>
        <strong>{kindText(words, kind)}</strong>{' '}
        {verdict !== null && kind === 'sync' && <DoneBadge words={words} verdict={verdict} />}
      </span>
      <span class="soft">
        <Moment words={words} at={at} />
        {by !== null && ` · ${personText(words, by)}`}
      </span>
      {reason !== null && toldReasons.includes(kind) && (
        <p class={isBad ? 'bad' : 'soft'}>
          <ToldReason words={words} of={event} />
        </p>
      )}
      <Done words={words} pair={pair} event={event} />
      <Calls words={words} pair={pair} calls={callsOf(event.calls)} />
    </li>
  );
}

export function kindText({ pairs }: Words, kind: string): string {
  const known: Readonly<Record<string, string>> = pairs.eventKinds;
  return Object.hasOwn(known, kind) ? (known[kind] ?? kind) : kind;
}

interface DoneProps extends Omit<Props, 'events'> {
  readonly event: Pick<LinkEventView, 'operations' | 'before' | 'after'>;
}

/** The written values, side by side. */
export function Done({ words, pair, event }: DoneProps): VNode {
  return (
    <>
      {firstOfEach(operationsOf(event.operations)).map(({ side, op }) => (
        <div class="operation">
          <p>{words.pairs.done[op](systemOn(pair, side))}</p>
          {op !== 'delete' && (
            <Changes words={words} changes={changesOf(event, side)} isNew={op === 'create'} />
          )}
        </div>
      ))}
    </>
  );
}

/** A record that was created and then updated is shown as created. */
export const firstOfEach = (operations: ReturnType<typeof operationsOf>) =>
  operations.filter(
    ({ side, op }, place) => op !== 'update' || !operations.slice(0, place).some((one) => one.side === side),
  );

const calls = z
  .array(
    z.object({
      side: z.enum(['here', 'there']),
      op: z.string(),
      method: z.string(),
      path: z.string(),
      status: z.number().nullable(),
      milliseconds: z.number(),
      request: z.string().nullable(),
      answer: z.string().nullable(),
      fault: z.string().nullable(),
    }),
  )
  .catch([]);

type Call = z.output<typeof calls>[number];

const callsOf = (kept: unknown): Call[] => calls.parse(kept);

function Calls({
  words,
  pair,
  calls: made,
}: Omit<Props, 'events'> & { readonly calls: readonly Call[] }): VNode | null {
  if (made.length === 0) return null;
  return (
    <ul class="calls-made">
      {made.map((call) => (
        <li>
          <details>
            <summary>
              {systemOn(pair, call.side)}
              {words.colon}
              <code>
                {call.method} {shortPath(call.path)}
              </code>{' '}
              →{' '}
              <span class={isRefused(call) ? 'bad' : 'good'}>
                {call.status ?? (isRefused(call) ? words.pairs.noAnswer : words.pairs.callDone)}
              </span>{' '}
              <span class="soft">{durationText(words, call.milliseconds / 1000)}</span>
            </summary>
            {call.fault !== null && (
              <p class="bad" lang="en">
                {visibleText(call.fault)}
              </p>
            )}
            {shortPath(call.path) !== call.path && (
              <pre>
                {call.method} {visibleText(call.path)}
              </pre>
            )}
            <Sent title={words.pairs.request} text={call.request} />
            <Sent title={words.pairs.answer} text={call.answer} />
          </details>
        </li>
      ))}
    </ul>
  );
}

const longestPath = 80;

/** A query may be as long as a page. */
const shortPath = (path: string): string =>
  visibleText(path.length > longestPath ? `${path.slice(0, longestPath)}…` : path);

/** A call to a folder of this machine has no status. */
const isRefused = ({ status, fault }: Call) => (status === null ? fault !== null : status >= 400);

const longestBody = 4_000;

const Sent = ({ title, text }: { title: string; text: string | null }): VNode | null =>
  text === null || text === '' ? null : (
    <>
      <p class="soft">{title}</p>
      <pre>{visibleLines(text, longestBody)}</pre>
    </>
  );
