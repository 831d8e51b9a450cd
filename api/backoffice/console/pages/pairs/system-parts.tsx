import { readPauseReason } from '../../../../../shared/domain/pause-reason';
import type { VNode } from 'preact';
import type { RemoteSystemEntry } from '../../../../../shared/stores/pairs/system-store';
import { systemKinds } from '../../../../../shared/systems/system-kinds';
import { durationText } from '../../format';
import { Badge, Moment, type Tone } from '../../parts';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { Words } from '../../words';

// The parts that several pages show of a system.

const tones: Readonly<Record<RemoteSystemEntry['state'], Tone>> = {
  up: 'good',
  unknown: 'calm',
  throttled: 'busy',
  paused: 'bad',
};

export const SystemBadge = ({ words, state }: { words: Words; state: RemoteSystemEntry['state'] }): VNode => (
  <Badge tone={tones[state]}>{words.pairs.systemStates[state]}</Badge>
);

/** What people call its kind. */
export const kindLabel = ({ language }: Words, kind: RemoteSystemEntry['kind']): string =>
  systemKinds[kind].label[language];

interface Pause {
  readonly words: Words;
  readonly reason: string | null;
}

/**
 * Why a person or the server paused the system. A reason code becomes a sentence; a person's text is shown unchanged.
 */
export function PauseReason({ words, reason }: Pause): VNode | null {
  if (reason === null || reason === '') return null;
  const known: Readonly<Record<string, string>> = words.pairs.pauseReasons;
  const { reason: word, detail } = readPauseReason(reason);
  if (!Object.hasOwn(known, word)) return <q>{visibleText(reason)}</q>;
  return (
    <>
      {known[word]} {detail !== null && <q>{visibleText(detail)}</q>}
    </>
  );
}

/** Until when, or why it makes no calls. */
export function StateReason({
  words,
  system,
}: {
  words: Words;
  system: Pick<RemoteSystemEntry, 'state' | 'notBefore' | 'pausedReason'>;
}): VNode | null {
  if (system.state === 'throttled' && system.notBefore !== null)
    return (
      <>
        {words.pairs.untilWord} <Moment words={words} at={system.notBefore} />
      </>
    );
  return system.state === 'paused' ? <PauseReason words={words} reason={system.pausedReason} /> : null;
}

/** By how much its clock differs from ours, in words. */
export function clockText(words: Words, offsetMs: number | null): string {
  if (offsetMs === null) return words.pairs.clockUnknown;
  const seconds = Math.round(Math.abs(offsetMs) / 1000);
  if (seconds < 1) return words.pairs.clockAgrees;
  const time = durationText(words, seconds);
  return offsetMs > 0 ? words.pairs.clockAhead(time) : words.pairs.clockBehind(time);
}
