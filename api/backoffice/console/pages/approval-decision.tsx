import type { VNode } from 'preact';
import { mayEdit } from '../../../../shared/domain/staff';
import type { ApprovalState } from '../../../../shared/stores/parameters/approval-store';
import { personText } from '../format';
import { ActionForm, Badge } from '../parts';
import type { Visit } from '../visit';

interface Props {
  readonly visit: Visit;
  /** Where the decision is sent. */
  readonly action: string;
  readonly state: ApprovalState;
  /** E-mail. Null: nobody has decided. */
  readonly decidedBy: string | null;
  readonly approve: string;
  readonly reject: string;
  /** The question before an approval. Undefined: there is none. */
  readonly question: string | undefined;
  /** The text after the name of the person who decided it. */
  readonly outcome?: string;
}

/** Both buttons while it is open; afterwards what was decided, and by whom. */
export function ApprovalDecision(props: Props): VNode | null {
  const { visit, action, state, decidedBy, approve, reject, question, outcome = '' } = props;
  const { words, csrf, caller } = visit;
  if (state !== 'open')
    return (
      <p class="soft">
        <Badge tone={state === 'approved' ? 'good' : 'calm'}>{words.approvalStates[state]}</Badge>
        {decidedBy !== null && ` ${personText(words, decidedBy)}`}
        {outcome}
      </p>
    );
  if (!mayEdit(caller)) return null;
  return (
    <ActionForm action={action} csrf={csrf} class="buttons">
      <button class="button danger" name="decision" value="approve" data-confirm={question}>
        {approve}
      </button>
      <button class="button quiet" name="decision" value="reject">
        {reject}
      </button>
    </ActionForm>
  );
}
