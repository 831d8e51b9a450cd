import type { VNode } from 'preact';
import type { PairWithProblem, SystemWithProblem } from '../../../../../shared/stores/pairs/pair-board-store';
import type { PairTroubles } from '../../../services/pair-board';
import { Age, Badge, Card, Moment } from '../../parts';
import type { Words } from '../../words';
import { pairPath } from './pair-frame';
import { PauseReason } from './system-parts';

interface Props {
  readonly words: Words;
  readonly troubles: PairTroubles;
}

/** Systems that make no calls, and pairs that are paused, late, or gave something up. Nothing where all is well. */
export const Troubles = ({ words, troubles: { systems, pairs } }: Props): VNode | null =>
  systems.length + pairs.length === 0 ? null : (
    <Card id="pairs" title={words.pairs.troubles}>
      <ul class="rows">
        {systems.map((system) => (
          <SystemRow words={words} system={system} />
        ))}
        {pairs.map((pair) => (
          <PairRow words={words} pair={pair} />
        ))}
      </ul>
    </Card>
  );

const SystemRow = ({ words, system }: { words: Words; system: SystemWithProblem }): VNode => (
  <li>
    <div>
      <a href={`/systems/${system.name}`}>{system.name}</a>
      <p class="soft">
        {system.state === 'throttled' && system.notBefore !== null ? (
          <>
            {words.pairs.untilWord} <Moment words={words} at={system.notBefore} />
          </>
        ) : (
          <PauseReason words={words} reason={system.reason} />
        )}
      </p>
    </div>
    <span>
      <Badge tone={system.state === 'paused' ? 'bad' : 'busy'}>
        {words.pairs.systemStates[system.state]}
      </Badge>{' '}
      <Since words={words} at={system.since} />
    </span>
  </li>
);

const PairRow = ({ words, pair }: { words: Words; pair: PairWithProblem }): VNode => (
  <li>
    <div>
      <a href={pairPath(pair.name)}>{pair.name}</a>
      {pair.pausedAt !== null && (
        <p class="soft">
          <PauseReason words={words} reason={pair.reason} />
        </p>
      )}
      {pair.givenUp > 0 && (
        <p>
          <a href={`${pairPath(pair.name, 'jobs')}?state=given-up`}>
            {words.pairs.givenUpCount(pair.givenUp)}
          </a>
        </p>
      )}
    </div>
    <span class="badges">
      {pair.pausedAt !== null && <Badge tone="bad">{words.pairs.paused}</Badge>}
      {pair.dueSince !== null && <Badge tone="busy">{words.pairs.late}</Badge>}
      <Since words={words} at={pair.pausedAt ?? pair.dueSince} />
    </span>
  </li>
);

const Since = ({ words, at }: { words: Words; at: Date | null }): VNode | null =>
  at === null ? null : (
    <span class="soft">
      <Age words={words} at={at} />
    </span>
  );
