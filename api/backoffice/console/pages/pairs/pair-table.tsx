import type { VNode } from 'preact';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PairOnBoard } from '../../../services/pair-board';
import { durationText, numberText } from '../../format';
import { Age, Badge, Table } from '../../parts';
import type { Words } from '../../words';
import { PauseReason } from './system-parts';

/** Pairs at a glance: what is late, open, failed, and waits for someone. */
export function PairTable({ words, pairs: all }: { words: Words; pairs: readonly PairOnBoard[] }): VNode {
  const { pairs } = words;
  const numbers = [pairs.open, pairs.failed, pairs.givenUp, pairs.conflicts, pairs.approvals];
  const columns = [
    pairs.pair,
    pairs.mode,
    pairs.lag,
    ...numbers.map((label) => ({ label, isNumber: true })),
    pairs.lastRun,
  ];
  return (
    <Table label={pairs.pairs} columns={columns} fit="stacks">
      {all.map(({ pair, figures }) => (
        <tr>
          <th scope="row">
            <a href={`/pairs/${pair.name}`}>{pair.name}</a>
            <span class="under">
              {pair.here.name} ⇄ {pair.there.name}
            </span>
          </th>
          <td class="wrap narrow">
            <PairBadge words={words} pair={pair} />
            {pair.pausedAt !== null && (
              <span class="under">
                <PauseReason words={words} reason={pair.pausedReason} />
              </span>
            )}
          </td>
          <td data-label={pairs.lag}>{lagText(words, figures.lag)}</td>
          <Count words={words} label={pairs.open} value={figures.open} href={null} />
          <Count
            words={words}
            label={pairs.failed}
            value={figures.failed}
            href={`/pairs/${pair.name}/jobs?state=failed`}
          />
          <Count
            words={words}
            label={pairs.givenUp}
            value={figures.givenUp}
            href={`/pairs/${pair.name}/jobs?state=given-up`}
            isBad
          />
          <Count
            words={words}
            label={pairs.conflicts}
            value={figures.conflicts}
            href={`/conflicts?pair=${pair.name}`}
            isBad
          />
          <Count
            words={words}
            label={pairs.approvals}
            value={figures.approvals}
            href={`/approvals?pair=${pair.name}`}
            isBad
          />
          <td data-label={pairs.lastRun}>
            <LastRun words={words} run={figures.lastRun} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** In which mode it is; that it is paused says more. */
export const PairBadge = ({
  words,
  pair,
}: {
  words: Words;
  pair: Pick<PairEntry, 'mode' | 'pausedAt'>;
}): VNode =>
  pair.pausedAt !== null ? (
    <Badge tone="bad">{words.pairs.paused}</Badge>
  ) : (
    <Badge tone={pair.mode === 'run' ? 'good' : 'calm'}>{words.pairs.modes[pair.mode]}</Badge>
  );

/** Less than a minute is none: that long work may take. */
export const lagText = (words: Words, seconds: number): string =>
  seconds < 60 ? words.pairs.noLag : durationText(words, seconds);

interface CountProps {
  readonly words: Words;
  readonly label: string;
  readonly value: number;
  readonly href: string | null;
  readonly isBad?: boolean;
}

function Count({ words, label, value, href, isBad = false }: CountProps): VNode {
  const text = numberText(words, value);
  const classes = ['number', ...(value === 0 ? ['soft', 'zero'] : isBad ? ['bad'] : [])];
  return (
    <td class={classes.join(' ')} data-label={label}>
      {value > 0 && href !== null ? <a href={href}>{text}</a> : text}
    </td>
  );
}

function LastRun({ words, run }: { words: Words; run: PairOnBoard['figures']['lastRun'] }): VNode {
  if (run === null) return <span class="soft">{words.pairs.noRunYet}</span>;
  return (
    <>
      {run.endedAt === null ? (
        <Badge tone="busy">{words.pairs.runsNow}</Badge>
      ) : (
        <Age words={words} at={run.endedAt} />
      )}
      {run.failure !== null && <span class="under bad">{words.pairs.runFailed}</span>}
    </>
  );
}
