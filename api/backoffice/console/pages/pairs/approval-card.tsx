import type { VNode } from 'preact';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { PairApproval } from '../../../../../shared/stores/pairs/pair-inbox-store';
import { ActionForm, Age, Badge, Card } from '../../parts';
import type { Visit } from '../../visit';

interface Props {
  readonly visit: Visit;
  readonly approval: PairApproval;
  /** Where the decision is sent; it leads back to the same list. */
  readonly action: string;
}

/** So many deletions or changes of a pair at once that someone must say yes. */
export function PairApprovalCard({ visit, approval, action }: Props): VNode {
  const { words, csrf, caller } = visit;
  const { pairs } = words;
  const { pair, kind, entities, state, items } = approval;
  return (
    <Card
      id={`a${approval.id}`}
      title={kind === 'deletions' ? pairs.deletionsWait(entities) : pairs.changesWait(entities)}
      aside={
        <span class="soft">
          <a href={`/pairs/${pair}`}>{pair}</a> · <Age words={words} at={approval.createdAt} />
        </span>
      }
    >
      <p>{pairs.approvalKinds[kind]}</p>
      {items.length > 0 && (
        <details open={items.length <= 10}>
          <summary>{words.whichOnes}</summary>
          <ul class="chips">
            {items.map(({ key, link }) => (
              <li>{link === null ? <span>{key}</span> : <a href={`/links/${link}`}>{key}</a>}</li>
            ))}
          </ul>
          {items.length < entities && <p class="soft">{pairs.firstOnes(items.length)}</p>}
        </details>
      )}
      {state === 'open' ? (
        mayEdit(caller) && (
          <ActionForm action={action} csrf={csrf} class="buttons">
            <button
              class="button danger"
              name="decision"
              value="approve"
              data-confirm={kind === 'changes' ? undefined : pairs.confirmDeletions}
            >
              {pairs.approveHeld[kind]}
            </button>
            <button class="button quiet" name="decision" value="reject">
              {pairs.rejectHeld[kind]}
            </button>
          </ActionForm>
        )
      ) : (
        <p class="soft">
          <Badge tone={state === 'approved' ? 'good' : 'calm'}>{words.approvalStates[state]}</Badge>
          {approval.decidedBy !== null && ` ${approval.decidedBy}`}
          {approval.applied !== null && ` · ${pairs.carriedOut(approval.applied)}`}
        </p>
      )}
    </Card>
  );
}
