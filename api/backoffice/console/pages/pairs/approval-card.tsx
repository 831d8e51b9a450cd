import type { VNode } from 'preact';
import type { PairApproval } from '../../../../../shared/stores/pairs/pair-inbox-store';
import { flatState } from '../../../../../shared/formats/link-state';
import { Age, Card } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { ApprovalDecision } from '../approval-decision';
import { nameOfCopy } from './pair-links';

interface Props {
  readonly visit: Visit;
  readonly approval: PairApproval;
  /** Where the decision is sent; it leads back to the same list. */
  readonly action: string;
  /** True: the card is shown above the folders of the approval. */
  readonly isAlone?: boolean;
}

/** So many deletions or changes of a pair at once that someone must say yes. */
export function PairApprovalCard({ visit, approval, action, isAlone = false }: Props): VNode {
  const { words } = visit;
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
      {items.length > 0 && !isAlone && (
        <details open={items.length <= 10}>
          <summary>{words.whichOnes}</summary>
          <ul class="chips">
            {items.map(({ key, link, seen }) => (
              <li>
                {link === null ? (
                  <span>{key}</span>
                ) : (
                  <a href={`/links/${link}`}>{nameOfCopy(flatState(seen)) ?? key}</a>
                )}
              </li>
            ))}
          </ul>
          {items.length < entities && <p class="soft">{pairs.firstOnes(items.length)}</p>}
        </details>
      )}
      {state === 'open' && entities > 1 && !isAlone && (
        <p>
          <a href={`/approvals/${approval.id}`}>{pairs.byFolderOrKind}</a>
        </p>
      )}
      <ApprovalDecision
        visit={visit}
        action={action}
        state={state}
        decidedBy={approval.decidedBy}
        approve={pairs.approveHeld[kind]}
        reject={pairs.rejectHeld[kind]}
        question={kind === 'changes' ? undefined : pairs.confirmDeletions(entities)}
        outcome={outcomeText(words, approval)}
      />
    </Card>
  );
}

const outcomeText = ({ pairs }: Words, { partOf, applied }: PairApproval): string =>
  [
    ...(partOf === null ? [] : [pairs.isPartOf(partOf)]),
    ...(applied === null ? [] : [pairs.carriedOut(applied)]),
  ]
    .map((text) => ` · ${text}`)
    .join('');
