import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { fieldOf, sameValue } from '../../../../shared/domain/merge-copy';
import { mapPage, type Page as ListPage, type PageRequest } from '../../../../shared/domain/page';
import { type Caller, mayEdit } from '../../../../shared/domain/staff';
import { notFound } from '../../../../shared/errors/catalog';
import { flatState } from '../../../../shared/formats/link-state';
import type { PairConflict } from '../../../../shared/stores/pairs/pair-inbox-store';
import type { Conflict } from '../../../../shared/stores/parameters/conflict-store';
import type { SolutionName } from '../../../../shared/stores/solutions/overview-store';
import { decode } from '../../../http/decode';
import { listBoth } from '../../http/lists-of-both';
import { bigIdOf, idOf, pageOfQuery, pageQuery, pathBigId } from '../../http/request-fields';
import type { ConflictService, GivenChoice } from '../../services/conflicts';
import type { OverviewService } from '../../services/overview';
import type { PairChoice, PairInboxService } from '../../services/pair-inbox';
import { labelText, FieldName } from '../label-text';
import { blankless, fieldsAfter, touchedTexts } from '../form-input';
import { Page } from '../layout';
import { linkTo } from '../link';
import { ActionForm, Age, Badge, Card, Empty, Pager, Table, Tabs, TextInput } from '../parts';
import { isLocalPath, type Visit, type Visiting } from '../visit';
import type { Words } from '../words';
import { choicePrefix, PairConflictCard, valuePrefix } from './pairs/conflict-card';
import { valueText } from './param-parts';

interface Services {
  readonly conflicts: ConflictService;
  readonly overview: Pick<OverviewService, 'names'>;
  readonly pairInbox: PairInboxService;
}

const views = ['open', 'all'] as const;
const scope = z.object({ solution: idOf.optional(), pair: z.string().max(40).optional() });
const query = pageQuery(bigIdOf).extend({ state: z.enum(views).default('open'), ...scope.shape });
const decision = z.object({
  choice: z.enum(['manager', 'solution', 'here', 'there', 'fields', 'candidate']),
  /** Its key, where several could be the same. */
  candidate: z.string().min(1).max(1000).optional(),
  // The revision of the copies that were shown. If they have changed, they must be looked at first.
  revision: z.string().max(64).optional(),
  /** The page of a link that showed it. */
  back: z.string().refine(isLocalPath).optional(),
});
type Decision = z.output<typeof decision>;
const shownRows = 20;
const fieldPrefix = 'f.';

/** A conflict of a kitchen or of a pair of systems. Their ids come from one counter. */
type AnyConflict =
  | { readonly id: string; readonly of: 'kitchen'; readonly conflict: Conflict }
  | { readonly id: string; readonly of: 'pair'; readonly conflict: PairConflict };

/** Both copies side by side; someone decides. */
export function createConflictPageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/conflicts',
    visiting.page(async (visit, request) => {
      const { state, solution, pair, ...paging } = decode(query, blankless(request.query));
      const shown = { state, solution, pair };
      const page = await listShown(services, visit.caller, shown, {
        ...pageOfQuery(paging),
        limit: shownRows,
      });
      const names = await services.overview.names(
        visit.caller,
        page.items.flatMap((one) => (one.of === 'kitchen' ? [one.conflict.solutionId] : [])),
      );
      return conflictsPage(visit, shown, page, names);
    }),
  );

  router.post(
    '/conflicts/:id',
    visiting.form(async (caller, request) => {
      const given = decode(decision, request.body);
      const id = pathBigId(request, 'conflict');
      const ofPair = await services.pairInbox.findConflict(caller, id);
      if (ofPair === null) {
        await decideOfKitchen(services, caller, request, given);
        return linkTo('/conflicts', { ...decode(scope, blankless(request.query)), done: 'decided' });
      }
      const choice = pairChoice(ofPair, request.body, given);
      await services.pairInbox.decideConflict(caller, id, { choice, ifRevision: given.revision ?? null });
      const back = given.back ?? '/conflicts';
      return `${back}${back.includes('?') ? '&' : '?'}done=pair-decided`;
    }),
  );

  return router;
}

const listShown = (
  { conflicts, pairInbox }: Services,
  caller: Caller,
  shown: Shown,
  page: PageRequest<string>,
): Promise<ListPage<AnyConflict>> =>
  listBoth<'open', AnyConflict>(shown, page, {
    ofSolutions: async (filter, asked) =>
      mapPage(await conflicts.list(caller, filter, asked), (conflict) => ({
        id: conflict.id,
        of: 'kitchen',
        conflict,
      })),
    ofPairs: async (filter, asked) =>
      mapPage(await pairInbox.conflicts(caller, filter, asked), (conflict) => ({
        id: conflict.id,
        of: 'pair',
        conflict,
      })),
  });

async function decideOfKitchen(
  { conflicts }: Services,
  caller: Caller,
  request: Request,
  { choice, revision }: Decision,
): Promise<void> {
  if (choice === 'here' || choice === 'there' || choice === 'candidate') throw notFound('conflict');
  const given: GivenChoice =
    choice === 'fields' ? { fields: touchedTexts(request.body, fieldPrefix) } : choice;
  await conflicts.decide(caller, pathBigId(request, 'conflict'), given, revision ?? null);
}

/** The choice for each field: the value of one side, or another value. */
function pairChoice(conflict: PairConflict, body: unknown, { choice, candidate }: Decision): PairChoice {
  if (choice === 'here' || choice === 'there') return choice;
  if (choice === 'candidate') return { candidate: candidate ?? '' };
  const [choices, values] = [fieldsAfter(body, choicePrefix), fieldsAfter(body, valuePrefix)];
  const fields = conflict.fields.flatMap((name): [string, unknown][] => {
    const from = choices[name];
    if (from === undefined) return [];
    if (from === 'other') return [[name, typedAs(conflict, name, values[name] ?? '')]];
    return [[name, flatState(from === 'there' ? conflict.there : conflict.here)?.[name] ?? null]];
  });
  return { fields: Object.fromEntries(fields) };
}

/** A browser sends texts. If both sides have numbers or booleans, the text becomes one as well. */
function typedAs({ here, there }: PairConflict, name: string, text: string): unknown {
  const known = [flatState(here)?.[name], flatState(there)?.[name]].filter(
    (value) => value !== null && value !== undefined,
  );
  if (text === '') return null;
  if (known.length > 0 && known.every((value) => typeof value === 'number') && Number.isFinite(Number(text)))
    return Number(text);
  if (known.length > 0 && known.every((value) => typeof value === 'boolean') && /^(true|false)$/.test(text))
    return text === 'true';
  return text;
}

interface Shown {
  readonly state: (typeof views)[number];
  /** Undefined: all of them. */
  readonly solution?: number | undefined;
  /** Undefined: all of them. */
  readonly pair?: string | undefined;
}

const conflictsPage = (
  visit: Visit,
  { state, ...of }: Shown,
  { items, next }: ListPage<AnyConflict>,
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
        href: linkTo('/conflicts', { state: one, ...of }),
        text: visit.words.openOrAll[one],
        isCurrent: one === state,
      }))}
    />
    <div class="stack">
      {items.length === 0 && <Empty title={visit.words.noConflicts}>{visit.words.noConflictsMeaning}</Empty>}
      {items.map((one) =>
        one.of === 'pair' ? (
          <PairConflictCard
            visit={visit}
            conflict={one.conflict}
            back={linkTo('/conflicts', { pair: of.pair })}
          />
        ) : (
          <ConflictCard
            visit={visit}
            conflict={one.conflict}
            solution={names.get(one.conflict.solutionId)}
            action={linkTo(`/conflicts/${one.id}`, { solution: of.solution })}
          />
        ),
      )}
      <Pager words={visit.words} base={linkTo('/conflicts', { state, ...of })} next={next} />
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
          {labelText(words, conflict.className)} · {nameOf(conflict)}
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
      label={`${words.bothCopies} ${conflict.id}`}
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
