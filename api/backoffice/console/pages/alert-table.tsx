import type { VNode } from 'preact';
import { mayEdit } from '../../../../shared/domain/staff';
import type { ProbeAlert } from '../../../../shared/stores/alerts/alert-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { ActionForm, Age, Badge, Table, tickAllColumn } from '../parts';
import type { Visit } from '../visit';
import type { Words } from '../words';
import { alertText } from './findings';

interface Props {
  readonly visit: Visit;
  readonly alerts: readonly ProbeAlert[];
  /** Null: all alerts belong to one solution, so it is not shown. */
  readonly names: ReadonlyMap<number, SolutionName> | null;
  readonly zone?: string;
  /** The form that ticked alerts belong to; null: none can be ticked. */
  readonly tickedFor?: string | null;
}

/** True if there are alerts that the caller may acknowledge. */
export const canAcknowledge = ({ caller }: Visit, alerts: readonly ProbeAlert[]): boolean =>
  mayEdit(caller) && alerts.some(({ acknowledgedAt }) => acknowledgedAt === null);

/** Alerts about probes: what, where, since when, and whether someone has seen them. */
export const AlertTable = ({ visit, alerts, names, zone, tickedFor = null }: Props): VNode => {
  const { words } = visit;
  return (
    <Table
      label={words.alerts}
      fit="stacks"
      columns={[
        ...(tickedFor === null ? [] : [tickAllColumn(words, 'alert')]),
        words.alert,
        ...(names === null ? [] : [words.solution]),
        words.since,
        words.state,
        words.seen,
      ]}
    >
      {alerts.map((alert) => {
        const clock = zone ?? names?.get(alert.solutionId)?.timezone;
        return (
          <tr>
            {tickedFor !== null && (
              <td class="tick">
                {alert.acknowledgedAt === null && (
                  <input
                    type="checkbox"
                    name="alert"
                    value={alert.id}
                    form={tickedFor}
                    aria-label={words.tick(titleOf(words, alert))}
                  />
                )}
              </td>
            )}
            <th scope="row" class="wrap">
              <a
                href={`/solutions/${alert.solutionId}/temperatures?probe=${encodeURIComponent(alert.probeId)}`}
              >
                {titleOf(words, alert)}
              </a>
              <span class="under">{alertText(visit, alert)}</span>
            </th>
            {names !== null && (
              <td class="wrap">
                <a href={`/solutions/${alert.solutionId}`}>
                  {names.get(alert.solutionId)?.name ?? alert.solutionId}
                </a>
              </td>
            )}
            <td>
              <Age words={words} at={alert.since} zone={clock} />
            </td>
            <td>
              <Badge tone={alert.state === 'closed' ? 'calm' : alert.state === 'escalated' ? 'bad' : 'busy'}>
                {words.alertStates[alert.state]}
              </Badge>
              {alert.closedAt !== null && (
                <span class="under">
                  <Age words={words} at={alert.closedAt} zone={clock} />
                </span>
              )}
            </td>
            <td>
              <Acknowledgement visit={visit} alert={alert} />
            </td>
          </tr>
        );
      })}
    </Table>
  );
};

/** e.g. `Too warm: Chambre froide`. */
export const titleOf = (words: Words, { kind, fridgeName, probeId }: ProbeAlert): string =>
  `${words.alertKinds[kind]}${words.colon}${fridgeName ?? probeId}`;

function Acknowledgement({
  visit: { words, csrf, caller, path },
  alert,
}: {
  visit: Visit;
  alert: ProbeAlert;
}): VNode {
  if (alert.acknowledgedBy !== null) {
    return (
      <span class="soft">
        {alert.acknowledgedBy}
        {alert.comment !== null && <span class="under">{alert.comment}</span>}
      </span>
    );
  }
  if (!mayEdit(caller)) return <span class="soft">{words.notYet}</span>;
  return (
    <ActionForm action={`/alerts/${alert.id}/acknowledge`} csrf={csrf} class="inline">
      <input type="hidden" name="back" value={path} />
      <input name="comment" placeholder={words.comment} aria-label={words.comment} maxLength={500} />
      <button class="button quiet small">{words.acknowledge}</button>
    </ActionForm>
  );
}
