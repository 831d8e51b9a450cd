import type { VNode } from 'preact';
import { channels } from '../../../../shared/domain/channel';
import { isAdmin } from '../../../../shared/domain/staff';
import type { Statut } from '../../../../shared/domain/statut';
import type { Health, ReplicaState } from '../../../ops/health';
import type { Overview } from '../../services/overview';
import type { PairTroubles } from '../../services/pair-board';
import { numberText } from '../format';
import { Page } from '../layout';
import { Age, Badge, Card, Empty, Table } from '../parts';
import { ExactReason } from '../refusal';
import type { Visit } from '../visit';
import type { Words } from '../words';
import { Troubles } from './pairs/troubles';

/** What is happening now. With JavaScript, the page refreshes itself. */
export const overviewPage = (
  visit: Visit,
  overview: Overview,
  health: Health,
  troubles: PairTroubles,
): VNode => (
  <Page visit={visit} title={visit.words.overview}>
    {overview.untrustedProxy !== null && (
      <p class="notice busy">{visit.words.untrustedProxy(overview.untrustedProxy.address)}</p>
    )}
    {visit.isPasswordAlone && isAdmin(visit.caller) && (
      <p class="notice busy">
        {visit.words.noSecondFactor} <a href="/me/second-factor">{visit.words.setUpSecondFactor}</a>
      </p>
    )}
    <div
      id="live"
      class="stack"
      hx-get="/"
      hx-select="#live"
      hx-target="this"
      hx-swap="outerHTML"
      hx-trigger="every 10s"
    >
      <Tiles visit={visit} overview={overview} health={health} />
      <div class="columns wide-left even">
        <Rhythm words={visit.words} counts={overview.syncsPerMinute} />
        <Statuts words={visit.words} overview={overview} />
      </div>
      <div class="columns even">
        <Failures words={visit.words} overview={overview} />
        <Stale words={visit.words} overview={overview} />
      </div>
      <Troubles words={visit.words} troubles={troubles} />
      {overview.doubtful.solutions.length > 0 && <Doubtful words={visit.words} overview={overview} />}
    </div>
  </Page>
);

function Tiles({ visit, overview, health }: { visit: Visit; overview: Overview; health: Health }): VNode {
  const { words, waiting } = visit;
  const { jobs } = overview;
  const parts = (['database', 'queue', 'files', 'room'] as const).filter((part) => !health[part]);
  return (
    <ul class="tiles">
      <li>
        <a href="/solutions">
          <span class="tile-value">{numberText(words, overview.solutions)}</span>
          <span class="tile-name">{words.solutions}</span>
        </a>
      </li>
      <Tile words={words} href="/alerts" name={words.alertsToSee} value={waiting.alerts} />
      <Tile words={words} href="/quarantine" name={words.inQuarantine} value={waiting.quarantine} />
      <Tile words={words} href="/conflicts" name={words.conflictsToDecide} value={waiting.conflicts} />
      <Tile words={words} href="/approvals" name={words.approvalsToDecide} value={waiting.approvals} />
      <Tile
        words={words}
        href="#doubtful"
        name={words.unbalancedLogs}
        value={overview.doubtful.unbalancedLogs}
      />
      <li>
        <div>
          <span class="tile-value">{numberText(words, jobs.count)}</span>
          <span class="tile-name">
            {words.openJobs}
            {jobs.oldestAt !== null && (
              <>
                {' · '}
                {words.oldest} <Age words={words} at={jobs.oldestAt} />
              </>
            )}
          </span>
        </div>
      </li>
      <li>
        <div>
          <span class="tile-value small">
            {parts.length === 0 ? (
              <Badge tone="good">{words.up}</Badge>
            ) : (
              <Badge tone="bad">{parts.every((part) => part === 'room') ? words.full : words.down}</Badge>
            )}
          </span>
          <span class="tile-name">
            {parts.length === 0 ? words.allPartsUp : parts.map((part) => words.parts[part]).join(', ')}
            {health.replica !== null && <> · {replicaText(words, health.replica)}</>}
          </span>
        </div>
      </li>
    </ul>
  );
}

const replicaText = (words: Words, { isUsed, lagSeconds }: ReplicaState): string =>
  lagSeconds === null
    ? words.replicaAway
    : words.replicaBehind(numberText(words, Math.round(lagSeconds * 10) / 10), isUsed);

interface TileProps {
  readonly words: Words;
  readonly href: string;
  readonly name: string;
  readonly value: number;
}

const Tile = ({ words, href, name, value }: TileProps): VNode => (
  <li class={value > 0 ? 'calls' : undefined}>
    <a href={href}>
      <span class="tile-value">{value > 999 ? '999+' : numberText(words, value)}</span>
      <span class="tile-name">{name}</span>
    </a>
  </li>
);

/** Syncs a minute over the last hour: drawn here, so that it needs no script. */
function Rhythm({ words, counts }: { words: Words; counts: readonly number[] }): VNode {
  const most = Math.max(1, ...counts);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const width = 600 / counts.length;
  return (
    <Card
      title={words.syncsPerMinute}
      aside={<span class="soft">{words.inTheLastHour(numberText(words, total))}</span>}
    >
      {total === 0 ? (
        <Empty title={words.noSyncsInTheLastHour} />
      ) : (
        <>
          <svg
            class="bars"
            viewBox="0 0 600 120"
            preserveAspectRatio="none"
            role="img"
            aria-label={words.inTheLastHour(numberText(words, total))}
          >
            {counts.map((count, place) => {
              const height = count === 0 ? 1 : Math.max(4, (count / most) * 116);
              return (
                <rect
                  class={count === 0 ? 'none' : undefined}
                  x={place * width + width * 0.12}
                  y={120 - height}
                  width={width * 0.76}
                  height={height}
                />
              );
            })}
          </svg>
          <div class="axis" aria-hidden="true">
            <span>−60 min</span>
            <span>{words.most(numberText(words, most))}</span>
            <span>{words.now}</span>
          </div>
        </>
      )}
    </Card>
  );
}

const statutOrder: readonly Statut[] = [0, 1, 2];

const Statuts = ({ words, overview }: { words: Words; overview: Overview }): VNode => (
  <Card title={words.channelsByStatus}>
    <Table
      label={words.channelsByStatus}
      fit="compact"
      columns={[
        words.channel,
        ...statutOrder.map((statut) => ({ label: words.statuts[statut], isNumber: true })),
      ]}
    >
      {channels.map((channel) => (
        <tr>
          <th scope="row">{words.channels[channel]}</th>
          {statutOrder.map((statut) => {
            const count =
              overview.statuts.find((one) => one.channel === channel && one.statut === statut)?.count ?? 0;
            return <td class={`number ${count === 0 ? 'soft' : ''}`}>{numberText(words, count)}</td>;
          })}
        </tr>
      ))}
    </Table>
  </Card>
);

const Failures = ({ words, overview }: { words: Words; overview: Overview }): VNode => (
  <Card title={words.failedSyncs} aside={<span class="soft">{words.inTheLastDay}</span>}>
    {overview.failures.length === 0 ? (
      <Empty title={words.noFailedSyncs} />
    ) : (
      <ul class="rows">
        {overview.failures.map((sync) => (
          <li>
            <div>
              <a href={`/solutions/${sync.solutionId}`}>{sync.solutionName}</a>
              <p class="soft">
                {sync.reason === null ? (
                  words.noReason
                ) : (
                  <ExactReason words={words} reason={sync.reason} why={sync.why} />
                )}
              </p>
            </div>
            <a class="soft" href={`/syncs/${sync.id}`}>
              {words.channels[sync.channel]} · <Age words={words} at={sync.receivedAt} />
            </a>
          </li>
        ))}
      </ul>
    )}
  </Card>
);

const Stale = ({ words, overview }: { words: Words; overview: Overview }): VNode => (
  <Card title={words.silentSolutions} aside={<span class="soft">{words.moreThanADay}</span>}>
    {overview.stale.length === 0 ? (
      <Empty title={words.noSilentSolutions} />
    ) : (
      <ul class="rows">
        {overview.stale.map(({ id, name, since }) => (
          <li>
            <a href={`/solutions/${id}`}>{name}</a>
            <span class="soft">
              <Age words={words} at={since} />
            </span>
          </li>
        ))}
      </ul>
    )}
  </Card>
);

/** Readings that are missing, that no upload contained, or whose times are impossible. */
const Doubtful = ({ words, overview }: { words: Words; overview: Overview }): VNode => (
  <div id="doubtful">
    <Card title={words.doubtfulReadings}>
      <ul class="rows">
        {overview.doubtful.solutions.map(({ id, name, unbalancedLogs, impossibleTimes }) => (
          <li>
            <a href={`/solutions/${id}`}>{name}</a>
            <span class="soft">
              {[
                ...(unbalancedLogs > 0 ? [words.tablesUnbalanced(unbalancedLogs)] : []),
                ...(impossibleTimes > 0 ? [words.tablesWithImpossibleTimes(impossibleTimes)] : []),
              ].join(' · ')}
            </span>
          </li>
        ))}
      </ul>
    </Card>
  </div>
);
