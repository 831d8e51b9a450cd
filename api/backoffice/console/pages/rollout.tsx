import type { VNode } from 'preact';
import type { Fields } from '../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../shared/domain/page';
import {
  type RolloutSolutionState,
  rolloutSolutionStates,
  type RolloutState,
} from '../../../../shared/domain/rollout';
import { mayEdit } from '../../../../shared/domain/staff';
import type {
  RolloutSolution,
  RolloutWave,
  StoredChange,
} from '../../../../shared/stores/rollouts/rollout-store';
import type { RolloutDetail } from '../../services/rollouts';
import { personText } from '../format';
import { Page } from '../layout';
import { linkTo } from '../link';
import { ActionForm, Age, Badge, Card, Facts, Moment, Pager, Table, Tabs, type Tone } from '../parts';
import type { Visit } from '../visit';
import type { Words } from '../words';

interface Members {
  readonly members: ListPage<RolloutSolution>;
  /** Only those in this state are shown. Null: all. */
  readonly state: RolloutSolutionState | null;
}

/** One rollout: what may be done with it, its waves, and the state of each solution. */
export function rolloutPage(visit: Visit, rollout: RolloutDetail, { members, state }: Members): VNode {
  const { words } = visit;
  const path = `/rollouts/${rollout.id}`;
  const tabs = [null, ...rolloutSolutionStates].map((one) => ({
    href: linkTo(path, { state: one ?? undefined }),
    text: one === null ? words.all : words.rolloutSolutionStates[one],
    isCurrent: one === state,
    ...(one === null ? {} : { count: rollout.counts[one] }),
  }));
  return (
    <Page
      visit={visit}
      title={rollout.name}
      trail={[{ href: '/rollouts', text: words.rollouts }]}
      aside={<RolloutBadge words={words} state={rollout.state} />}
    >
      <div class="stack">
        {rollout.stoppedBecause !== null && (
          <p class="notice bad" role="status">
            {words.stoppedBecause[rollout.stoppedBecause]}
          </p>
        )}
        <Actions visit={visit} rollout={rollout} />
        <PlanCard words={words} rollout={rollout} />
        <WaveTable words={words} rollout={rollout} />
        <Tabs label={words.state} tabs={tabs} />
        <SolutionTable words={words} solutions={members.items} />
        <Pager words={words} base={linkTo(path, { state: state ?? undefined })} next={members.next} />
      </div>
    </Page>
  );
}

const rolloutTones: Readonly<Record<RolloutState, Tone>> = {
  ...{ waiting: 'busy', running: 'busy', paused: 'calm', stopped: 'bad', done: 'good', cancelled: 'calm' },
};

export const RolloutBadge = ({ words, state }: { words: Words; state: RolloutState }): VNode => (
  <Badge tone={rolloutTones[state]}>{words.rolloutStates[state]}</Badge>
);

/** e.g. `Fridges where Type = negative: TempMax = -18`. */
export function changeText(words: Words, change: StoredChange): string {
  if (change.kind === 'flag') return `${words.flagNames[change.flag]} · ${words.channels[change.channel]}`;
  if (change.kind === 'edits') return words.rolloutOf.edits;
  return change.edits
    .map((edit) => {
      const where = 'id' in edit ? `Id = ${edit.id}` : fieldsText(edit.where);
      const set = edit.fields === null ? words.deletedSetting : fieldsText(edit.fields);
      return words.settingText(edit.className, where, set);
    })
    .join(' · ');
}

const fieldsText = (fields: Fields): string =>
  Object.entries(fields)
    .map(([name, value]) => `${name} = ${typeof value === 'object' ? (value?.xml ?? '–') : String(value)}`)
    .join(', ');

function Actions({ visit, rollout }: { visit: Visit; rollout: RolloutDetail }): VNode | null {
  const { words, caller, csrf } = visit;
  const { id, state, wave, endedAt } = rollout;
  if (!mayEdit(caller) || endedAt !== null) return null;
  return (
    <div class="buttons">
      {state === 'waiting' && (
        <ActionForm action={`/rollouts/${id}/approve`} csrf={csrf}>
          <input type="hidden" name="wave" value={wave} />
          <button class="button">{words.approveWave(wave)}</button>
        </ActionForm>
      )}
      {state === 'running' && (
        <ActionForm action={`/rollouts/${id}/pause`} csrf={csrf}>
          <button class="button quiet">{words.pauseRollout}</button>
        </ActionForm>
      )}
      {(state === 'paused' || state === 'stopped') && (
        <ActionForm action={`/rollouts/${id}/resume`} csrf={csrf}>
          <button class="button" data-confirm={words.confirmResume}>
            {words.resumeRollout}
          </button>
        </ActionForm>
      )}
      <ActionForm action={`/rollouts/${id}/cancel`} csrf={csrf}>
        <button class="button danger" data-confirm={words.confirmCancel}>
          {words.cancelRollout}
        </button>
      </ActionForm>
    </div>
  );
}

const PlanCard = ({ words, rollout }: { words: Words; rollout: RolloutDetail }): VNode => (
  <Card title={words.rolloutPlan}>
    <Facts
      entries={[
        [words.rolloutChange, changeText(words, rollout.change)],
        [
          words.plannedBy(personText(words, rollout.createdBy)),
          <Moment words={words} at={rollout.createdAt} />,
        ],
        [words.rolloutApproval, words.rolloutApprovals[rollout.needsApproval]],
        [words.waveHours, rollout.waveHours],
        [words.maxFailedPercent, rollout.maxFailedPercent],
        [words.maxExpiredPercent, rollout.maxExpiredPercent],
      ]}
    />
  </Card>
);

const WaveTable = ({ words, rollout }: { words: Words; rollout: RolloutDetail }): VNode => (
  <Table
    label={words.waves}
    columns={[
      words.wave,
      { label: words.waveSize, isNumber: true },
      words.waveApproved,
      words.waveBegan,
      words.rolloutProgress,
    ]}
    fit="stacks"
  >
    {rollout.waves.map((wave) => (
      <tr>
        <th scope="row">
          {wave.number}
          {wave.number === rollout.wave && ' ←'}
        </th>
        <td class="number" data-label={words.waveSize}>
          {wave.solutions}
        </td>
        <td data-label={words.waveApproved}>
          {wave.approvedBy === null ? '–' : personText(words, wave.approvedBy)}
        </td>
        <td data-label={words.waveBegan}>
          {wave.beganAt === null ? '–' : <Moment words={words} at={wave.beganAt} />}
        </td>
        <td class="wrap" data-label={words.rolloutProgress}>
          {countsText(words, wave)}
        </td>
      </tr>
    ))}
  </Table>
);

const countsText = (words: Words, { counts }: RolloutWave): string =>
  rolloutSolutionStates
    .flatMap((state) =>
      counts[state] === 0 ? [] : [`${counts[state]} ${words.rolloutSolutionStates[state]}`],
    )
    .join(', ');

const solutionTones: Readonly<Record<RolloutSolutionState, Tone>> = {
  ...{ waiting: 'calm', sent: 'busy', confirmed: 'good', failed: 'bad', expired: 'bad', skipped: 'calm' },
};

const SolutionTable = ({
  words,
  solutions,
}: {
  words: Words;
  solutions: readonly RolloutSolution[];
}): VNode => (
  <Table
    label={words.solutions}
    columns={[words.solution, words.wave, words.state, words.rolloutProgress]}
    fit="stacks"
  >
    {solutions.map((one) => (
      <tr>
        <th scope="row">
          <a href={`/solutions/${one.solutionId}`}>{one.name}</a>
          <span class="under">{one.mail}</span>
        </th>
        <td data-label={words.wave}>{one.wave}</td>
        <td data-label={words.state} class="wrap">
          <Badge tone={solutionTones[one.state]}>{words.rolloutSolutionStates[one.state]}</Badge>
          {one.reasonCode !== null && <span class="under">{words.rolloutReasons[one.reasonCode]}</span>}
          {one.reason !== null && <span class="under">{one.reason}</span>}
        </td>
        <td data-label={words.rolloutProgress}>
          <LastTime words={words} at={one.settledAt ?? one.sentAt} />
        </td>
      </tr>
    ))}
  </Table>
);

const LastTime = ({ words, at }: { words: Words; at: Date | null }): VNode =>
  at === null ? <span class="soft">–</span> : <Age words={words} at={at} />;
