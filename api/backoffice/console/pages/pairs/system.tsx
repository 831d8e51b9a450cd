import type { VNode } from 'preact';
import { isAdmin } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { Hook } from '../../../../../shared/stores/pairs/hook-store';
import type { RemoteSystemEntry } from '../../../../../shared/stores/pairs/system-store';
import { namesAskedFor } from '../../../../../shared/systems/references';
import { systemKinds } from '../../../../../shared/systems/system-kinds';
import type { PairOnBoard, SystemOnBoard } from '../../../services/pair-board';
import type { SystemProbe } from '../../../services/system-tasks';
import { personText } from '../../format';
import { Page } from '../../layout';
import { ActionForm, Age, Badge, Card, Empty, Facts, Field, Moment, ProblemNote } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairTable } from './pair-table';
import { clockText, kindLabel, PauseReason, SystemBadge } from './system-parts';

interface Props extends SystemOnBoard {
  readonly hooks: readonly Hook[];
  readonly pairs: readonly PairOnBoard[];
  readonly problem: ProblemText | null;
}

/** One system: its status, its capabilities and the findings of its probes. */
export function systemPage(visit: Visit, { system, note, probe, hooks, pairs, problem }: Props): VNode {
  const { words } = visit;
  return (
    <Page
      visit={visit}
      title={system.name}
      trail={[{ href: '/systems', text: words.pairs.systems }]}
      subtitle={
        <>
          {kindLabel(words, system.kind)} <SystemBadge words={words} state={system.state} />
        </>
      }
    >
      <div class="stack">
        <ProblemNote problem={problem} />
        <div class="columns even">
          <State visit={visit} system={system} account={note.account} />
          <Findings words={words} probe={probe} />
        </div>
        <Card title={words.pairs.pairsOfSystem}>
          {pairs.length === 0 ? (
            <Empty title={words.pairs.noPairsOfSystem} />
          ) : (
            <PairTable words={words} pairs={pairs} />
          )}
        </Card>
        <div class="columns even">
          <Abilities words={words} system={system} />
          <Secrets words={words} system={system} />
        </div>
        {systemKinds[system.kind].can.webhooks !== 'none' && <Hooks words={words} hooks={hooks} />}
        <Card>
          <details>
            <summary>{words.pairs.settings}</summary>
            <pre>{JSON.stringify(system.config, null, 2)}</pre>
          </details>
        </Card>
      </div>
    </Page>
  );
}

function State({
  visit,
  system,
  account,
}: {
  visit: Visit;
  system: RemoteSystemEntry;
  account: string | null;
}): VNode {
  const { words, caller } = visit;
  const { pairs } = words;
  const { state, pausedAt, pausedBy, pausedReason, notBefore, checkedAt } = system;
  return (
    <Card title={words.state}>
      {state === 'paused' && (
        <p class="notice bad">
          <PauseReason words={words} reason={pausedReason} /> {pairs.pausedMeaning}
        </p>
      )}
      {state === 'throttled' && notBefore !== null && (
        <p class="notice busy">
          {pairs.untilWord} <Moment words={words} at={notBefore} />. {pairs.throttledMeaning}
        </p>
      )}
      <Facts
        entries={[
          pausedAt === null
            ? null
            : [pairs.pausedBy, pausedBy === null ? pairs.pausedByItself : personText(words, pausedBy)],
          pausedAt === null ? null : [pairs.since, <Age words={words} at={pausedAt} />],
          [pairs.owner, account ?? pairs.operatorsOwn],
          [
            pairs.clockOffset,
            <>
              {clockText(words, system.clockOffsetMs)} <span class="under">{pairs.clockMeaning}</span>
            </>,
          ],
          [pairs.lastChecked, checkedAt === null ? words.never : <Age words={words} at={checkedAt} />],
        ]}
      />
      {isAdmin(caller) ? <Deeds visit={visit} system={system} /> : <p class="soft">{pairs.onlyAdmins}</p>}
    </Card>
  );
}

function Deeds({ visit, system }: { visit: Visit; system: RemoteSystemEntry }): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  const isStopped = system.state === 'paused' || system.state === 'throttled';
  const path = (deed: string) => `/systems/${system.name}/${deed}`;
  return (
    <>
      <div class="buttons">
        <ActionForm action={path('probe')} csrf={csrf}>
          <button class="button quiet">{pairs.probe}</button>
        </ActionForm>
        {isStopped && (
          <ActionForm action={path('resume')} csrf={csrf}>
            <button class="button">{pairs.resume}</button>
          </ActionForm>
        )}
      </div>
      {system.state !== 'paused' && (
        <ActionForm action={path('pause')} csrf={csrf} class="filters">
          <Field label={pairs.pauseReason} class="grow">
            <input name="reason" maxLength={500} />
          </Field>
          <button class="button quiet">{pairs.pause}</button>
        </ActionForm>
      )}
    </>
  );
}

const findingTones = { error: 'bad', warning: 'busy', info: 'calm' } as const;

function Findings({ words, probe }: { words: Words; probe: SystemProbe | null }): VNode {
  const { pairs } = words;
  if (probe === null)
    return (
      <Card title={pairs.probeResult}>
        <Empty title={pairs.neverProbed}>{pairs.neverProbedAdvice}</Empty>
      </Card>
    );
  return (
    <Card
      title={pairs.probeResult}
      aside={
        <Badge tone={probe.ok ? 'good' : 'bad'}>{probe.ok ? pairs.probePassed : pairs.probeFailed}</Badge>
      }
    >
      {probe.version !== null && <Facts entries={[[pairs.version, visibleText(probe.version)]]} />}
      <ul class="rows">
        {probe.findings.map((finding) => (
          <Finding words={words} finding={finding} />
        ))}
      </ul>
    </Card>
  );
}

function Finding({ words, finding }: { words: Words; finding: SystemProbe['findings'][number] }): VNode {
  const known: Readonly<Record<string, string>> = words.pairs.findings;
  const sentence = Object.hasOwn(known, finding.code) ? known[finding.code] : undefined;
  return (
    <li>
      <div>
        {sentence !== undefined && <p>{sentence}</p>}
        {finding.about !== undefined && finding.about.length > 0 && (
          <ul class="chips plain">
            {finding.about.map((name) => (
              <li>
                <code>{visibleText(name)}</code>
              </li>
            ))}
          </ul>
        )}
        <p class="soft" lang="en">
          {visibleText(finding.message)}
        </p>
      </div>
      <Badge tone={findingTones[finding.level]}>{words.pairs.findingLevels[finding.level]}</Badge>
    </li>
  );
}

function Abilities({ words, system }: { words: Words; system: RemoteSystemEntry }): VNode {
  const { abilityNames: names, abilityValues: values, abilities } = words.pairs;
  const { changes, deletions, writes, webhooks, isPreparable, hasFields } = systemKinds[system.kind].can;
  return (
    <Card title={abilities}>
      <Facts
        entries={[
          [names.changes, values[changes]],
          [names.deletions, values[deletions]],
          [names.writes, values[writes]],
          [names.webhooks, webhooks === 'none' ? values.noWebhooks : values[webhooks]],
          [names.isPreparable, isPreparable ? values.yes : values.no],
          [names.hasFields, hasFields ? values.fields : values.no],
        ]}
      />
    </Card>
  );
}

function Secrets({ words, system }: { words: Words; system: RemoteSystemEntry }): VNode {
  const { pairs } = words;
  const names = [...new Set([...namesAskedFor(system.config), ...system.secretNames])].sort();
  return (
    <Card title={pairs.secrets} aside={<span class="soft">{pairs.secretsMeaning}</span>}>
      {names.length === 0 ? (
        <Empty title={pairs.noSecrets} />
      ) : (
        <Facts
          entries={names.map(
            (name) =>
              [
                <code>{name}</code>,
                system.secretNames.includes(name) ? pairs.secretSet : pairs.secretFromEnvironment,
              ] as const,
          )}
        />
      )}
    </Card>
  );
}

const Hooks = ({ words, hooks }: { words: Words; hooks: readonly Hook[] }): VNode => (
  <Card title={words.pairs.hooks} aside={<span class="soft">{words.pairs.hooksMeaning}</span>}>
    {hooks.length === 0 ? (
      <Empty title={words.pairs.noHooks} />
    ) : (
      <ul class="rows">
        {hooks.map(({ entity, createdAt, createdBy, lastAt, refused }) => (
          <li>
            <div>
              {entity === null ? words.pairs.anyEntity : <code>{entity}</code>}
              <p class="soft">
                {words.created} <Age words={words} at={createdAt} />
                {createdBy !== null && ` · ${personText(words, createdBy)}`}
              </p>
            </div>
            <span class="soft">
              {lastAt === null ? (
                words.pairs.neverCalled
              ) : (
                <>
                  {words.pairs.lastCall} <Age words={words} at={lastAt} />
                </>
              )}
              {refused > 0 && <span class="under bad">{words.pairs.refusedCalls(refused)}</span>}
            </span>
          </li>
        ))}
      </ul>
    )}
  </Card>
);
