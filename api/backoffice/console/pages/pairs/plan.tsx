import type { VNode } from 'preact';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PlanItemView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import type { PlanFolder, PlanOfPair } from '../../../services/pair-runs';
import type { PlanEstimate, PlannedField, SideEstimate } from '../../../services/plan-estimate';
import { durationText, numberText, personText } from '../../format';
import { ActionForm, Age, Card, Empty, Facts, Pager, ProblemNote, Table } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { Live, PairPage, systemOn } from './pair-frame';
import { PlanBadge } from './pair-plans';
import { PlanLines, verdictText } from './plan-lines';
import { PlanTree } from './plan-tree';
import { ValueChange } from './shown-value';

interface Props extends PlanOfPair {
  readonly page: ListPage<PlanItemView>;
  /** The tree of a plan of documents. Null: it is a plan of records. */
  readonly tree: PlanFolder | null;
  readonly problem: ProblemText | null;
}

/** The changes that a run would make. The page refreshes itself while the plan is made. */
export function planPage(visit: Visit, { pair, plan, summary, estimate, page, tree, problem }: Props): VNode {
  const { words } = visit;
  const { pairs } = words;
  const path = `/plans/${plan.id}`;
  return (
    <PairPage
      visit={visit}
      pair={pair}
      tab="plans"
      title={pairs.planNumber(plan.id)}
      subtitle={
        <>
          {isCarriedOut(plan) ? pairs.planWasMeaning : pairs.planMeaning}{' '}
          <PlanBadge words={words} state={plan.state} />
        </>
      }
    >
      <ProblemNote problem={problem} />
      <Live path={plan.state === 'making' ? path : null}>
        <PlanNotice words={words} plan={plan} />
        {plan.state === 'making' ? (
          <Making words={words} path={path} />
        ) : (
          <>
            {estimate !== null && (
              <Effort words={words} pair={pair} estimate={estimate} counts={plan.counts} />
            )}
            {plan.state === 'ready' && mayEdit(visit.caller) && (
              <Decision visit={visit} path={path} digest={plan.digest ?? ''} />
            )}
            {summary !== null && <FieldSummary words={words} pair={pair} fields={summary.fields} />}
            {page.items.length === 0
              ? plan.state !== 'failed' && <Empty title={pairs.emptyPlan}>{pairs.emptyPlanMeaning}</Empty>
              : null}
            {page.items.length > 0 && tree !== null && (
              <PlanTree words={words} pair={pair} path={path} tree={tree} />
            )}
            {page.items.length > 0 && tree === null && (
              <>
                <PlanLines words={words} pair={pair} items={page.items} />
                <Pager words={words} base={path} next={page.next} />
              </>
            )}
          </>
        )}
      </Live>
    </PairPage>
  );
}

/** A worker writes, or has written, what it says. */
const isCarriedOut = ({ state }: PlanOfPair['plan']): boolean => state === 'approved' || state === 'done';

const Making = ({ words, path }: { words: Words; path: string }): VNode => (
  <Empty title={words.pairs.planIsMade}>
    {words.pairs.planIsMadeAdvice} <a href={path}>{words.pairs.reload}</a>
  </Empty>
);

function PlanNotice({ words, plan }: { words: Words; plan: PlanOfPair['plan'] }): VNode | null {
  const { pairs } = words;
  switch (plan.state) {
    case 'failed':
      return (
        <p class="notice bad">
          {pairs.planFailed} {plan.failure !== null && <span lang="en">{visibleText(plan.failure)}</span>}
        </p>
      );
    case 'outdated':
      return <p class="notice busy">{pairs.planOutdated}</p>;
    case 'approved':
    case 'done':
    case 'rejected':
      return (
        <p class="soft">
          {pairs.planStates[plan.state]}
          {plan.decidedBy !== null && ` · ${personText(words, plan.decidedBy)}`}
          {plan.decidedAt !== null && (
            <>
              {' · '}
              <Age words={words} at={plan.decidedAt} />
            </>
          )}
        </p>
      );
    case 'making':
    case 'ready':
      return null;
  }
}

/** By the digest that was seen: what has changed since is not approved. */
const Decision = ({ visit, path, digest }: { visit: Visit; path: string; digest: string }): VNode => (
  <Card title={visit.words.pairs.decidePlan}>
    <p class="soft">{visit.words.pairs.decidePlanMeaning}</p>
    <ActionForm action={path} csrf={visit.csrf} class="buttons">
      <input type="hidden" name="digest" value={digest} />
      <button class="button" name="decision" value="approve" data-confirm={visit.words.pairs.confirmPlan}>
        {visit.words.pairs.approvePlan}
      </button>
      <button class="button quiet" name="decision" value="reject">
        {visit.words.pairs.rejectPlan}
      </button>
    </ActionForm>
  </Card>
);

interface EffortProps {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly estimate: PlanEstimate;
  readonly counts: Readonly<Record<string, number>>;
}

/** How many records, how many calls, how long. */
const Effort = ({ words, pair, estimate, counts }: EffortProps): VNode => (
  <div class="columns even">
    <Card title={words.pairs.whatWouldBe}>
      {Object.keys(counts).length === 0 ? (
        <Empty title={words.pairs.emptyPlan} />
      ) : (
        <Facts
          entries={Object.entries(counts).map(
            ([verdict, count]) => [verdictText(words, verdict), numberText(words, count)] as const,
          )}
        />
      )}
    </Card>
    <Card title={words.pairs.effort}>
      <Facts
        entries={[
          [<span>{systemOn(pair, 'here')}</span>, sideText(words, estimate.here)],
          [<span>{systemOn(pair, 'there')}</span>, sideText(words, estimate.there)],
          [words.pairs.howLong, <strong>{durationText(words, estimate.seconds)}</strong>],
        ]}
      />
      <p class="soft">{words.pairs.effortMeaning}</p>
    </Card>
  </div>
);

function sideText(words: Words, { calls, perSecond }: SideEstimate): string {
  const { pairs } = words;
  const limit = perSecond === null ? pairs.noCallLimit : pairs.callLimit(numberText(words, perSecond));
  return `${pairs.callCount(numberText(words, calls), calls === 1)}, ${limit}`;
}

interface SummaryProps {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly fields: readonly PlannedField[];
}

/** The mapping, tried on real data: field by field, how many would change, and from what to what. */
function FieldSummary({ words, pair, fields }: SummaryProps): VNode | null {
  const { pairs } = words;
  if (fields.length === 0) return null;
  return (
    <Card title={pairs.byField} aside={<span class="soft">{pairs.byFieldMeaning}</span>}>
      <Table
        label={pairs.byField}
        columns={[
          pairs.field,
          { label: pairs.recordsChanged, isNumber: true },
          { label: pairs.recordsMade, isNumber: true },
          pairs.examples,
        ]}
        fit="stacks"
      >
        {fields.map((field) => (
          <tr>
            <th scope="row">
              <code>{field.field}</code>
              <span class="under">{systemOn(pair, field.side)}</span>
            </th>
            <td class={`number ${field.changed === 0 ? 'soft zero' : ''}`} data-label={pairs.recordsChanged}>
              {numberText(words, field.changed)}
            </td>
            <td class={`number ${field.made === 0 ? 'soft zero' : ''}`} data-label={pairs.recordsMade}>
              {numberText(words, field.made)}
            </td>
            <td class="wrap">
              <Examples words={words} field={field} />
            </td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

const Examples = ({ words, field }: { words: Words; field: PlannedField }): VNode => (
  <ul class="changes">
    {field.examples.map(({ key, before, after }) => (
      <li title={key}>
        <ValueChange words={words} before={before} after={after} isNew={before === null} />
      </li>
    ))}
  </ul>
);
