import type { VNode } from 'preact';
import type { ParameterClass } from '../../../../shared/catalog/parameter-classes';
import type { Fields } from '../../../../shared/domain/merge-copy';
import { mayEdit } from '../../../../shared/domain/staff';
import type { SolutionDetail } from '../../services/solutions';
import { labelText } from '../label-text';
import { Card, ProblemNote } from '../parts';
import type { ProblemText } from '../problem-text';
import type { Visit } from '../visit';
import { EntityForm, type ShownEntity } from './param-form';
import { History } from './param-history';
import { entityPath, ParamBadges } from './param-parts';
import { SolutionPage } from './solution-frame';

export function entityPage(
  visit: Visit,
  { solution, parameterClass }: { solution: SolutionDetail; parameterClass: ParameterClass },
  shown: ShownEntity,
  problem: ProblemText | null,
): VNode {
  const values: Fields = shown.kind === 'new' ? {} : shown.param.fields;
  const { words, caller } = visit;
  const list = `/solutions/${solution.id}/params/${parameterClass.name}`;
  const canEdit = mayEdit(caller) && parameterClass.direction !== 'solution';
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      <div class="section-head">
        <h2>
          <a href={`/solutions/${solution.id}/params`}>{words.tabs.params}</a> /{' '}
          <a href={list}>{labelText(words, parameterClass.name)}</a> /{' '}
          {shown.kind === 'new' ? words.addEntity : shown.param.id}
        </h2>
        {shown.kind === 'known' && <ParamBadges words={words} param={shown.param} />}
      </div>
      <div class="columns">
        <Card title={words.values}>
          <ProblemNote problem={problem} />
          {shown.kind === 'known' && shown.param.failureReason !== null && (
            <p class="notice bad">{words.couldNotCarryOut(shown.param.failureReason)}</p>
          )}
          <EntityForm
            visit={visit}
            action={shown.kind === 'new' ? list : entityPath(solution.id, parameterClass, shown.param.id)}
            parameterClass={parameterClass}
            shown={shown}
            values={values}
            canEdit={canEdit}
          />
        </Card>
        {shown.kind === 'known' && (
          <Card title={words.history}>
            <History
              words={words}
              zone={solution.timezone}
              parameterClass={parameterClass}
              versions={shown.history.items}
            />
          </Card>
        )}
      </div>
    </SolutionPage>
  );
}
