import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { fieldOf, sameValue } from '../../../../shared/domain/merge-copy';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { mayEdit } from '../../../../shared/domain/staff';
import type { Conflict } from '../../../../shared/stores/parameters/conflict-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from '../../http/request-fields';
import type { ConflictService, GivenChoice } from '../../services/conflicts';
import type { OverviewService } from '../../services/overview';
import { calledBy, FieldName } from '../called';
import { blankless, touchedTexts } from '../form-input';
import { Page } from '../layout';
import { linkTo } from '../link';
import { ActionForm, Age, Badge, Card, Empty, Pager, Table, Tabs, TextInput } from '../parts';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { valueText } from './params';

interface Services {
  readonly conflicts: ConflictService;
  readonly overview: Pick<OverviewService, 'names'>;
}

const views = ['open', 'all'] as const;
const scope = z.object({ solution: idOf.optional() });
const query = pageQuery(bigIdOf).extend({ state: z.enum(views).default('open'), ...scope.shape });
const decision = z.object({
  choice: z.enum(['manager', 'solution', 'fields']),
  // The revision of the copies that were shown. If they have changed, they must be looked at first.
  revision: z.string().max(64).optional(),
});
const shownRows = 20;
const fieldPrefix = 'f.';

/** Both copies side by side; someone decides. */
export function createConflictPageRoutes({ conflicts, overview }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/conflicts',
    visiting.page(async (visit, request) => {
      const { state, solution, ...paging } = decode(query, blankless(request.query));
      const filter = { solutionId: solution ?? null, state: state === 'all' ? null : state };
      const page = await conflicts.list(visit.caller, filter, { ...pageOfQuery(paging), limit: shownRows });
      const names = await overview.names(
        visit.caller,
        page.items.map(({ solutionId }) => solutionId),
      );
      return conflictsPage(visit, { state, solution }, page, names);
    }),
  );

  router.post(
    '/conflicts/:id',
    visiting.form(async (caller, request) => {
      const { choice, revision } = decode(decision, request.body);
      const given: GivenChoice =
        choice === 'fields' ? { fields: touchedTexts(request.body, fieldPrefix) } : choice;
      await conflicts.decide(caller, pathBigId(request, 'conflict'), given, revision ?? null);
      return linkTo('/conflicts', { ...decode(scope, blankless(request.query)), done: 'decided' });
    }),
  );

  return router;
}

interface Shown {
  readonly state: (typeof views)[number];
  /** Undefined: all of them. */
  readonly solution?: number | undefined;
}

const conflictsPage = (
  visit: Visit,
  { state, solution }: Shown,
  { items, next }: ListPage<Conflict>,
  names: ReadonlyMap<number, SolutionName>,
): VNode => (
  <Page
    visit={visit}
    title={visit.words.conflicts}
    subtitle={state === 'open' ? visit.words.conflictsMeaning : visit.words.allConflictsMeaning}
  >
    <Tabs
      label={visit.words.state}
      tabs={views.map((one) => ({
        href: linkTo('/conflicts', { state: one, solution }),
        text: visit.words.openOrAll[one],
        isCurrent: one === state,
      }))}
    />
    <div class="stack">
      {items.length === 0 && <Empty title={visit.words.noConflicts}>{visit.words.noConflictsMeaning}</Empty>}
      {items.map((conflict) => (
        <ConflictCard
          visit={visit}
          conflict={conflict}
          solution={names.get(conflict.solutionId)}
          action={linkTo(`/conflicts/${conflict.id}`, { solution })}
        />
      ))}
      <Pager words={visit.words} base={linkTo('/conflicts', { state, solution })} next={next} />
    </div>
  </Page>
);

interface CardProps {
  readonly visit: Visit;
  readonly conflict: Conflict;
  readonly solution: SolutionName | undefined;
  /** Where the decision is sent; it leads back to the same list. */
  readonly action: string;
}

function ConflictCard({ visit, conflict, solution, action }: CardProps): VNode {
  const { words, caller } = visit;
  const isOpen = conflict.state === 'open';
  return (
    <Card
      id={`c${conflict.id}`}
      title={
        <>
          {calledBy(words, conflict.className)} · {nameOf(conflict)}
        </>
      }
      aside={
        <span class="soft">
          <a href={`/solutions/${conflict.solutionId}`}>{solution?.name ?? conflict.solutionId}</a> ·{' '}
          <a href={`/syncs/${conflict.syncId}`}>
            <Age words={words} at={conflict.createdAt} zone={solution?.timezone} />
          </a>
        </span>
      }
    >
      <CopyTable words={words} conflict={conflict} />
      {isOpen ? (
        mayEdit(caller) && <DecisionForms visit={visit} conflict={conflict} action={action} />
      ) : (
        <p class="soft">
          <Badge tone="good">{words.conflictStates[conflict.state]}</Badge>{' '}
          {conflict.resolution !== null && words.resolutions[conflict.resolution]}
          {conflict.decidedBy !== null && ` · ${conflict.decidedBy}`}
        </p>
      )}
    </Card>
  );
}

const nameOf = ({ manager, solution, entityId }: Conflict): string => {
  const name = fieldOf(manager.fields, 'Name') ?? fieldOf(solution.fields, 'Name');
  return typeof name === 'string' ? name : `Id ${entityId}`;
};

function CopyTable({ words, conflict }: { words: Words; conflict: Conflict }): VNode {
  const { base, manager, solution, fields } = conflict;
  const isOpen = conflict.state === 'open';
  const all = new Set([
    ...Object.keys(manager.fields),
    ...Object.keys(solution.fields),
    ...Object.keys(base ?? {}),
  ]);
  const shown = [...all].filter(
    (name) =>
      fields.includes(name) || !sameValue(fieldOf(manager.fields, name), fieldOf(solution.fields, name)),
  );
  return (
    <Table
      label={words.bothCopies}
      columns={[words.field, words.agreedBefore, words.managersCopy, words.solutionsCopy]}
    >
      {(!manager.isActive || !solution.isActive) && (
        <tr class={isOpen ? 'disputed' : undefined}>
          <th scope="row">{words.entity}</th>
          <td class="soft">–</td>
          <td>{manager.isActive ? words.changed : words.deleted}</td>
          <td>{solution.isActive ? words.changed : words.deleted}</td>
        </tr>
      )}
      {shown.map((name) => (
        <tr class={isOpen && fields.includes(name) ? 'disputed' : undefined}>
          <th scope="row">
            <FieldName words={words} of={conflict.className} name={name} />{' '}
            {fields.includes(name) && (
              <Badge tone={isOpen ? 'bad' : 'calm'}>{isOpen ? words.disputed : words.wasDisputed}</Badge>
            )}
          </th>
          <td class="soft">{base === null ? '–' : valueText(words, fieldOf(base, name))}</td>
          <td>{valueText(words, fieldOf(manager.fields, name))}</td>
          <td>{valueText(words, fieldOf(solution.fields, name))}</td>
        </tr>
      ))}
    </Table>
  );
}

function DecisionForms({
  visit: { words, csrf },
  conflict,
  action,
}: Pick<CardProps, 'visit' | 'conflict' | 'action'>): VNode {
  return (
    <>
      <ActionForm action={action} csrf={csrf} class="buttons">
        <input type="hidden" name="revision" value={conflict.revision} />
        <button class="button" name="choice" value="manager">
          {words.keepManagers}
        </button>
        <button class="button quiet" name="choice" value="solution">
          {words.keepSolutions}
        </button>
      </ActionForm>
      {conflict.fields.length > 0 && (
        <details open={csrf.written?.action === action}>
          <summary>{words.otherValues}</summary>
          <ActionForm action={action} csrf={csrf} class="filters">
            <input type="hidden" name="revision" value={conflict.revision} />
            {conflict.fields.map((name) => (
              <label class="field">
                <span class="field-label">
                  <FieldName words={words} of={conflict.className} name={name} />
                </span>
                <TextInput
                  name={`${fieldPrefix}${name}`}
                  text={plainText(fieldOf(conflict.manager.fields, name))}
                />
              </label>
            ))}
            <button class="button" name="choice" value="fields">
              {words.takeThese}
            </button>
          </ActionForm>
        </details>
      )}
    </>
  );
}

const plainText = (value: ReturnType<typeof fieldOf>): string =>
  value === null || typeof value === 'object' ? '' : String(value);
