import type { VNode } from 'preact';
import { parameterClasses, type ParameterClass } from '../../../../shared/catalog/parameter-classes';
import { fieldOf } from '../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { mayEdit } from '../../../../shared/domain/staff';
import type { ClassCounts } from '../../../../shared/stores/solutions/inventory-store';
import type { Param } from '../../../../shared/stores/parameters/param-store';
import type { SolutionDetail } from '../../services/solutions';
import { numberText } from '../format';
import { choiceText, columnHead, LabelWithWireName, labelText } from '../label-text';
import { Age, Card, Empty, Pager, Table } from '../parts';
import type { Visit } from '../visit';
import { byText, entityPath, ParamBadges, valueText } from './param-parts';
import { SolutionPage } from './solution-frame';

export function classesPage(visit: Visit, solution: SolutionDetail, counts: readonly ClassCounts[]): VNode {
  const { words } = visit;
  const byName = new Map(counts.map((one) => [one.className, one]));
  const shown = parameterClasses.filter(({ name }) => byName.has(name));
  const others = parameterClasses.filter(({ name }) => !byName.has(name));
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      {shown.length === 0 ? (
        <Empty title={words.noParams}>{words.noParamsAdvice}</Empty>
      ) : (
        <Table
          label={words.tabs.params}
          columns={[
            words.class,
            words.editedBy,
            { label: words.entities, isNumber: true },
            { label: words.due, isNumber: true },
            { label: words.held, isNumber: true },
            { label: words.parked, isNumber: true },
          ]}
        >
          {shown.map(({ name, direction }) => {
            const { active, due, held, parked } = byName.get(name) ?? {
              active: 0,
              due: 0,
              held: 0,
              parked: 0,
            };
            return (
              <tr>
                <th scope="row">
                  <a href={`/solutions/${solution.id}/params/${name}`}>
                    <LabelWithWireName words={words} name={name} />
                  </a>
                </th>
                <td class="soft">{words.directions[direction]}</td>
                <td class="number">{numberText(words, active)}</td>
                <td class={due > 0 ? 'number busy' : 'number soft'}>{numberText(words, due)}</td>
                <td class={held > 0 ? 'number bad' : 'number soft'}>{numberText(words, held)}</td>
                <td class={parked > 0 ? 'number bad' : 'number soft'}>{numberText(words, parked)}</td>
              </tr>
            );
          })}
        </Table>
      )}
      <Card title={words.emptyClasses}>
        <ul class="chips">
          {others.map(({ name }) => (
            <li>
              <a href={`/solutions/${solution.id}/params/${name}`} title={name}>
                {labelText(words, name)}
              </a>
            </li>
          ))}
        </ul>
      </Card>
    </SolutionPage>
  );
}

/** The most columns of a list. The page of an entity shows all fields. */
const shownColumns = 5;

export function listPage(
  visit: Visit,
  solution: SolutionDetail,
  parameterClass: ParameterClass,
  { items, next }: ListPage<Param>,
): VNode {
  const { words, caller } = visit;
  const path = `/solutions/${solution.id}/params/${parameterClass.name}`;
  const columns = parameterClass.columns.slice(0, shownColumns);
  const canEdit = mayEdit(caller) && parameterClass.direction !== 'solution';
  return (
    <SolutionPage visit={visit} solution={solution} tab="params">
      <div class="section-head">
        <h2>
          <a href={`/solutions/${solution.id}/params`}>{words.tabs.params}</a> /{' '}
          <LabelWithWireName words={words} name={parameterClass.name} />
        </h2>
        {canEdit && (
          <a class="button" href={`${path}/new`}>
            {words.addEntity}
          </a>
        )}
      </div>
      {items.length === 0 ? (
        <Empty title={words.noEntities} />
      ) : (
        <Table
          label={labelText(words, parameterClass.name)}
          columns={['Id', ...columns.map((one) => columnHead(words, one)), words.state, words.changed]}
        >
          {items.map((param) => (
            <tr class={param.isActive ? undefined : 'gone'}>
              <th scope="row">
                <a href={entityPath(solution.id, parameterClass, param.id)}>{param.id}</a>
              </th>
              {columns.map((column) => (
                <td class={column.type === 'decimal' || column.type === 'integer' ? 'number' : undefined}>
                  {choiceText(words, column, valueText(words, fieldOf(param.fields, column.name)))}
                </td>
              ))}
              <td>
                <ParamBadges words={words} param={param} />
              </td>
              <td class="soft">
                <Age words={words} at={param.updatedAt} zone={solution.timezone} />
                <span class="under">{byText(words, param.updatedBy)}</span>
              </td>
            </tr>
          ))}
        </Table>
      )}
      <Pager words={words} base={path} next={next} />
    </SolutionPage>
  );
}
