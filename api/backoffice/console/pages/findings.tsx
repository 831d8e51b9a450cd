import type { ComponentChildren, VNode } from 'preact';
import type { IdsInDoubt } from '../../../../shared/domain/log-book';
import { mayEdit } from '../../../../shared/domain/staff';
import type { SolutionDetail } from '../../services/solutions';
import type { CountedFinding, Finding } from '../../services/support';
import { labelText, fieldLabel } from '../label-text';
import { durationText, numberText } from '../format';
import { ActionForm, Age } from '../parts';
import { ExactReason, refusalOf } from '../refusal';
import type { Visit } from '../visit';

interface Props {
  readonly visit: Visit;
  readonly solution: SolutionDetail;
  readonly findings: readonly Finding[];
}

/** The problems of a solution: what happened, when, in which file and row, why, and what to do. */
export function Findings({ visit, solution, findings }: Props): VNode {
  const { words } = visit;
  if (findings.length === 0) {
    return (
      <section class="verdict good">
        <h2>{words.allWell}</h2>
        <p>{words.allWellMeaning}</p>
      </section>
    );
  }
  return (
    <section class="verdict bad">
      <h2>{words.toLookAt(findings.reduce((sum, finding) => sum + countOf(finding), 0))}</h2>
      <ol class="findings">
        {findings.map((finding) => (
          <FindingRow {...partsOf(visit, solution, finding)} />
        ))}
      </ol>
    </section>
  );
}

const countOf = (finding: Finding) => (finding.kind === 'more' ? finding.count : 1);

interface FindingParts {
  readonly what: ComponentChildren;
  readonly at: ComponentChildren;
  readonly why: ComponentChildren;
  readonly advice: ComponentChildren;
  readonly action: ComponentChildren;
}

const FindingRow = ({ what, at, why, advice, action }: FindingParts): VNode => (
  <li>
    <div class="finding">
      <p class="finding-what">
        <strong>{what}</strong>
        {at !== null && <span class="soft"> · {at}</span>}
      </p>
      {why !== null && <p class="finding-why">{why}</p>}
      <p class="finding-advice">{advice}</p>
    </div>
    {action !== null && <div class="finding-action">{action}</div>}
  </li>
);

/** e.g. `4–6, 9, …`. */
function idsText({ ranges }: IdsInDoubt): string {
  const shown = ranges
    .slice(0, shownRanges)
    .map(([first, last]) => (first === last ? first : `${first}–${last}`));
  return [...shown, ...(ranges.length > shownRanges ? ['…'] : [])].join(', ');
}

const shownRanges = 10;

function partsOf(visit: Visit, solution: SolutionDetail, finding: Finding): FindingParts {
  const { words } = visit;
  const { findings } = words;
  const age = (at: Date) => <Age words={words} at={at} zone={solution.timezone} />;
  const link = (href: string, text: string) => (
    <a class="button quiet small" href={href}>
      {text}
    </a>
  );
  const settings = link(`/solutions/${solution.id}/settings`, words.tabs.settings);
  switch (finding.kind) {
    case 'blocked':
      return {
        what: findings.blocked,
        at: age(finding.at),
        why: null,
        advice: findings.blockedAdvice,
        action: settings,
      };
    case 'locked':
      return {
        what: findings.locked,
        at: age(finding.at),
        why: findings.lockedWhy,
        advice: findings.lockedAdvice,
        action: settings,
      };
    case 'no-secret':
      return {
        what: findings.noSecret[finding.proof],
        at: null,
        why: findings.noSecretWhy[finding.proof],
        advice: findings.noSecretAdvice,
        action: settings,
      };
    case 'refused-mac':
      return {
        what: findings.refusedMac,
        at: age(finding.at),
        why: (
          <>
            MAC <code>{finding.mac}</code>
          </>
        ),
        advice: findings.refusedMacAdvice,
        action: settings,
      };
    case 'never-synchronised':
      return { what: findings.never, at: null, why: null, advice: findings.neverAdvice, action: null };
    case 'silent':
      return {
        what: findings.silent,
        at: age(finding.at),
        why: null,
        advice: findings.silentAdvice,
        action: null,
      };
    case 'wrong-clock':
      return {
        what: findings.clock,
        at: null,
        why: findings.clockWhy(durationText(words, Math.abs(finding.seconds)), finding.seconds > 0),
        advice: findings.clockAdvice,
        action: null,
      };
    case 'silent-table':
      return {
        what: findings.silentTable(labelText(words, finding.table.name)),
        at: age(finding.since),
        why: <code>{`csv/${finding.table.name}.csv`}</code>,
        advice: findings.silentTableAdvice,
        action: link(`/solutions/${solution.id}/readings/${finding.table.name}`, words.look),
      };
    case 'impossible-times':
      return {
        what: findings.impossibleTimes(labelText(words, finding.table.name)),
        at: age(finding.since),
        why: findings.impossibleTimesWhy(numberText(words, finding.count)),
        advice: findings.impossibleTimesAdvice,
        action: link(`/solutions/${solution.id}/readings/${finding.table.name}`, words.look),
      };
    case 'books-unbalanced':
      return {
        what: findings.unbalanced(labelText(words, finding.table.name)),
        at: age(finding.since),
        why: [
          ...(finding.lost.count === '0' ? [] : [findings.lostRows(idsText(finding.lost))]),
          ...(finding.unknown.count === '0' ? [] : [findings.unknownRows(idsText(finding.unknown))]),
        ].join(' '),
        advice: findings.unbalancedAdvice,
        action: (
          <>
            {link(`/solutions/${solution.id}/readings/${finding.table.name}`, words.look)}
            {mayEdit(visit.caller) && (
              <ActionForm
                action={`/solutions/${solution.id}/readings/${finding.table.name}/accept-losses`}
                csrf={visit.csrf}
              >
                <button class="button quiet small" data-confirm={findings.confirmAcceptLosses}>
                  {findings.acceptLosses}
                </button>
              </ActionForm>
            )}
          </>
        ),
      };
    case 'sync-failed': {
      const { id, channel, receivedAt, report, why } = finding.sync;
      return {
        what: findings.failed(words.channels[channel]),
        at: age(receivedAt),
        why:
          report?.reason === undefined ? (
            words.noReason
          ) : (
            <ExactReason words={words} reason={report.reason} why={why} />
          ),
        advice: findings.failedAdvice,
        action: (
          <>
            {link(`/syncs/${id}`, words.look)}
            {mayEdit(visit.caller) && (
              <ActionForm action={`/syncs/${id}/replay`} csrf={visit.csrf}>
                <button class="button small">{words.replay}</button>
              </ActionForm>
            )}
          </>
        ),
      };
    }
    case 'all-ignored': {
      const { id, channel, receivedAt, report } = finding.sync;
      const [first, ...others] = report?.ignored ?? [];
      return {
        what: findings.allIgnored(words.channels[channel]),
        at: age(receivedAt),
        why: first === undefined ? null : <code>{others.length === 0 ? first : `${first}, …`}</code>,
        advice: findings.allIgnoredAdvice,
        action: link(`/syncs/${id}`, words.look),
      };
    }
    case 'stuck': {
      const { channel, statut, since, syncId } = finding;
      return {
        what:
          statut === 1
            ? findings.processing(words.channels[channel])
            : findings.notFetched(words.channels[channel]),
        at: age(since),
        why: null,
        advice: statut === 1 ? findings.processingAdvice : findings.notFetchedAdvice,
        action: syncId === null ? null : link(`/syncs/${syncId}`, words.look),
      };
    }
    case 'alert': {
      const { alert } = finding;
      return {
        what: `${words.alertKinds[alert.kind]}${words.colon}${alert.fridgeName ?? alert.probeId}`,
        at: age(alert.openedAt),
        why: alertText(visit, alert),
        advice: findings.alertAdvice[alert.kind],
        action: link(
          `/solutions/${solution.id}/temperatures?probe=${encodeURIComponent(alert.probeId)}`,
          words.tabs.temperatures,
        ),
      };
    }
    case 'quarantined': {
      const { item } = finding;
      const { why, advice } = refusalOf(words, item.code);
      return {
        what: findings.quarantined[item.kind],
        at: age(item.createdAt),
        why: (
          <>
            <code>{item.file}</code>
            {item.line !== null && `, ${words.line} ${item.line}`}
            {item.rowId !== null && `, Id ${item.rowId}`}
            {words.colon}
            {why}
            <span class="under">
              <ExactReason words={words} reason={item.reason} why={item.why} of={item.subject} />
            </span>
          </>
        ),
        advice,
        action: link(`/quarantine/${item.id}`, words.correct),
      };
    }
    case 'conflict': {
      const { conflict } = finding;
      return {
        what: findings.conflict,
        at: age(conflict.createdAt),
        why: (
          <>
            <code>{`xml/${conflict.className}.xml`}</code>, Id {conflict.entityId}
            {conflict.fields.length > 0 && words.colon}
            {conflict.fields.map((name) => fieldLabel(words, conflict.className, name)).join(', ')}
          </>
        ),
        advice: findings.conflictAdvice,
        action: link(`/conflicts#c${conflict.id}`, words.decide),
      };
    }
    case 'approval': {
      const { approval } = finding;
      return {
        what: findings.approval(approval.plan.length),
        at: age(approval.createdAt),
        why: (
          <>
            {labelText(words, approval.className)}
            {words.colon}
            {approval.reason === null
              ? words.approvalKinds[approval.kind]
              : words.approvalReasons[approval.reason]}
          </>
        ),
        advice: findings.approvalAdvice,
        action: link(`/approvals#a${approval.id}`, words.decide),
      };
    }
    case 'came-back': {
      const { entities } = finding;
      const [latest] = entities;
      return {
        what: findings.cameBack(entities.length),
        at: latest === undefined ? null : age(latest.at),
        why: (
          <>
            {entities.slice(0, shownReturned).map(({ className, id, label }, place) => (
              <>
                {place > 0 && ', '}
                <a href={`/solutions/${solution.id}/params/${className}/${encodeURIComponent(id)}`}>
                  {`${labelText(words, className)} ${label ?? id}`}
                </a>
              </>
            ))}
            {entities.length > shownReturned && ', …'}
          </>
        ),
        advice: findings.cameBackAdvice,
        action: null,
      };
    }
    case 'instruction-failed': {
      const { className, id, label, failures, reason } = finding.entity;
      return {
        what: findings.instruction(failures),
        at: null,
        why: (
          <>
            <code>{`xml/${className}.xml`}</code>, {label ?? `Id ${id}`}
            {words.colon}
            {reason ?? words.noReason}
          </>
        ),
        advice: findings.instructionAdvice,
        action: link(`/solutions/${solution.id}/params/${className}/${encodeURIComponent(id)}`, words.look),
      };
    }
    case 'more':
      return {
        what: words.andMore[finding.of](finding.count),
        at: null,
        why: null,
        advice: words.moreAdvice,
        action: link(listPaths[finding.of](solution.id), words.allOfThem),
      };
  }
}

const shownReturned = 3;

const listPaths: Readonly<Record<CountedFinding, (solutionId: number) => string>> = {
  alert: (id) => `/solutions/${id}/alerts`,
  quarantined: (id) => `/quarantine?solution=${id}`,
  conflict: (id) => `/conflicts?solution=${id}`,
  approval: (id) => `/approvals?solution=${id}`,
  'instruction-failed': (id) => `/solutions/${id}/params`,
};

/** e.g. `worst 8.4 °C, limit 4 °C, after 30 min`. */
export function alertText(
  { words }: Pick<Visit, 'words'>,
  alert: {
    readonly kind: string;
    readonly worst: number | null;
    readonly limit: number | null;
    readonly delayMinutes: number;
  },
): string {
  const unit = alert.kind === 'low-battery' ? '%' : '°C';
  const value = (number: number) => `${numberText(words, number, unit === '%' ? 0 : 1)} ${unit}`;
  return [
    ...(alert.worst === null ? [] : [words.worst(value(alert.worst))]),
    ...(alert.limit === null ? [] : [words.limitOf(value(alert.limit))]),
    ...(alert.delayMinutes === 0 ? [] : [words.after(durationText(words, alert.delayMinutes * 60))]),
  ].join(', ');
}
