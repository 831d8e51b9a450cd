import type { VNode } from 'preact';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PlanState, PlanView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import { personText } from '../../format';
import { ActionForm, Age, Badge, Empty, Pager, Table, type Tone } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath } from './pair-frame';
import { verdictCounts } from './plan-lines';

/** The plans of a pair, the newest first. */
export const pairPlansPage = (
  visit: Visit,
  pair: PairEntry,
  { items: plans, next }: ListPage<PlanView>,
): VNode => (
  <PairPage visit={visit} pair={pair} tab="plans">
    <p class="soft">{visit.words.pairs.plansMeaning}</p>
    {mayEdit(visit.caller) && (
      <ActionForm action={`/pairs/${pair.name}/plan`} csrf={visit.csrf}>
        <button class="button">{visit.words.pairs.makePlan}</button>
      </ActionForm>
    )}
    {plans.length === 0 ? (
      <Empty title={visit.words.pairs.noPlans}>{visit.words.pairs.noPlansAdvice}</Empty>
    ) : (
      <PlanTable words={visit.words} plans={plans} />
    )}
    <Pager words={visit.words} base={pairPath(pair.name, 'plans')} next={next} />
  </PairPage>
);

const PlanTable = ({ words, plans }: { words: Words; plans: readonly PlanView[] }): VNode => (
  <Table
    label={words.pairs.tabsOfPair.plans}
    columns={[words.pairs.plan, words.state, words.pairs.wouldBe, words.pairs.decidedBy]}
    fit="stacks"
  >
    {plans.map((plan) => (
      <tr>
        <th scope="row">
          <a href={`/plans/${plan.id}`}>{words.pairs.planNumber(plan.id)}</a>
          <span class="under">
            <Age words={words} at={plan.createdAt} />
            {plan.createdBy !== null && ` · ${personText(words, plan.createdBy)}`}
          </span>
        </th>
        <td class="wrap">
          <PlanBadge words={words} state={plan.state} />
          {plan.failure !== null && (
            <span class="under bad" lang="en">
              {visibleText(plan.failure)}
            </span>
          )}
        </td>
        <td class="wrap">{verdictCounts(words, plan.counts)}</td>
        <td data-label={words.pairs.decidedBy}>
          {plan.decidedBy === null ? <span class="soft">–</span> : personText(words, plan.decidedBy)}
        </td>
      </tr>
    ))}
  </Table>
);

const tones: Readonly<Record<PlanState, Tone>> = {
  making: 'busy',
  ready: 'busy',
  approved: 'good',
  done: 'good',
  rejected: 'calm',
  outdated: 'calm',
  failed: 'bad',
};

export const PlanBadge = ({ words, state }: { words: Words; state: PlanState }): VNode => (
  <Badge tone={tones[state]}>{words.pairs.planStates[state]}</Badge>
);
