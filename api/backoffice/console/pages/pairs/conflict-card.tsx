import type { VNode } from 'preact';
import { z } from 'zod';
import { candidatesOf } from '../../../../../shared/formats/conflict-candidates';
import { flatState, isSame, statesOf } from '../../../../../shared/formats/link-state';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { PairConflict } from '../../../../../shared/stores/pairs/pair-inbox-store';
import { ActionForm, Age, Badge, Card, Select, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { nameOfCopy } from './pair-links';
import { ShownValue } from './shown-value';

/** Before the name of a disputed field: which side, or another value. */
export const choicePrefix = 'c.';
/** Before the name of a disputed field: the other value. */
export const valuePrefix = 'f.';

interface Props {
  readonly visit: Visit;
  readonly conflict: PairConflict;
  /** Where a decision leads back to. */
  readonly back: string;
  /** The page shows both copies already. */
  readonly isOnLink?: boolean;
}

/** What two systems hold otherwise, and who decides it. */
export function PairConflictCard({ visit, conflict, back, isOnLink = false }: Props): VNode {
  const { words, caller } = visit;
  const { pairs } = words;
  const { pair, kind, link, state } = conflict;
  return (
    <Card
      id={`c${conflict.id}`}
      title={isOnLink ? pairs.toDecide : conflictName(conflict)}
      aside={
        <span class="soft">
          <a href={`/pairs/${pair}`}>{pair}</a>
          {link !== null && !isOnLink && (
            <>
              {' · '}
              <a href={`/links/${link}`}>{pairs.whyLink}</a>
            </>
          )}
          {' · '}
          <Age words={words} at={conflict.createdAt} />
        </span>
      }
    >
      <p>{pairs.conflictKinds[kind]}</p>
      {!isOnLink && kind !== 'match' && <CopyTable words={words} conflict={conflict} />}
      {state !== 'open' ? (
        <Decided words={words} conflict={conflict} />
      ) : !mayEdit(caller) ? (
        <p class="soft">{words.readOnly}</p>
      ) : kind === 'match' ? (
        <JoinForm visit={visit} conflict={conflict} back={back} />
      ) : (
        <DecisionForms visit={visit} conflict={conflict} back={back} />
      )}
    </Card>
  );
}

const Decided = ({ words, conflict }: { words: Words; conflict: PairConflict }): VNode => (
  <p class="soft">
    <Badge tone="good">{words.conflictStates[conflict.state]}</Badge> {resolutionText(words, conflict)}
    {conflict.decidedBy !== null && ` · ${conflict.decidedBy}`}
    {conflict.state === 'decided' && conflict.appliedAt === null && ` · ${words.pairs.isCarriedOut}`}
  </p>
);

/** What a person knows it by. */
const conflictName = ({ here, there, key }: PairConflict): string =>
  nameOfCopy(flatState(here) ?? flatState(there)) ?? key;

const decisionShape = z.object({ choice: z.unknown() });
const joinedShape = z.object({ candidate: z.string() });

function resolutionText({ pairs }: Words, { decision, systems }: PairConflict): string {
  const choice = decisionShape.safeParse(decision).data?.choice ?? null;
  if (choice === 'here' || choice === 'there') return pairs.sideWon(systems[choice]);
  const joined = joinedShape.safeParse(choice).data;
  if (joined !== undefined) return pairs.joinedWith(joined.candidate);
  return choice === null ? '' : pairs.valuesSet;
}

function CopyTable({ words, conflict }: { words: Words; conflict: PairConflict }): VNode {
  const { pairs } = words;
  const { here, there, fields, systems } = conflict;
  const [ofHere, ofThere, before] = [flatState(here), flatState(there), statesOf(conflict.base)];
  const isOpen = conflict.state === 'open';
  const names = [...new Set([...Object.keys(ofHere ?? {}), ...Object.keys(ofThere ?? {})])];
  const both = ofHere !== null && ofThere !== null;
  const shown = names.filter(
    (name) => fields.includes(name) || (both ? !isSame(ofHere[name], ofThere[name]) : true),
  );
  return (
    <Table
      label={`${words.bothCopies} ${conflict.id}`}
      columns={[pairs.field, systems.here, systems.there]}
      fit="stacks"
    >
      {!both && (
        <tr class={isOpen ? 'disputed' : undefined}>
          <th scope="row">{pairs.record}</th>
          <td data-label={systems.here}>{ofHere === null ? words.deleted : pairs.isThere}</td>
          <td data-label={systems.there}>{ofThere === null ? words.deleted : pairs.isThere}</td>
        </tr>
      )}
      {shown.map((name) => (
        <tr class={isOpen && fields.includes(name) ? 'disputed' : undefined}>
          <th scope="row">
            {name}{' '}
            {fields.includes(name) && (
              <Badge tone={isOpen ? 'bad' : 'calm'}>{isOpen ? words.disputed : words.wasDisputed}</Badge>
            )}
          </th>
          <Cell words={words} label={systems.here} now={ofHere?.[name]} before={before?.here?.[name]} />
          <Cell words={words} label={systems.there} now={ofThere?.[name]} before={before?.there?.[name]} />
        </tr>
      ))}
    </Table>
  );
}

interface CellProps {
  readonly words: Words;
  readonly label: string;
  readonly now: unknown;
  readonly before: unknown;
}

const Cell = ({ words, label, now, before }: CellProps): VNode => (
  <td class="wrap" data-label={label}>
    <ShownValue words={words} value={now} />
    {!isSame(now, before) && (
      <span class="under">
        {words.pairs.lastSeen} <ShownValue words={words} value={before} />
      </span>
    )}
  </td>
);

function DecisionForms({ visit, conflict, back }: Omit<Props, 'isOnLink'>): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  const action = `/conflicts/${conflict.id}`;
  const hidden = (
    <>
      <input type="hidden" name="revision" value={conflict.revision} />
      <input type="hidden" name="back" value={back} />
    </>
  );
  const isDeletion = flatState(conflict.here) === null || flatState(conflict.there) === null;
  return (
    <>
      <ActionForm action={action} csrf={csrf} class="buttons">
        {hidden}
        <button class="button" name="choice" value="here">
          {isDeletion ? sideOfDeletion(words, conflict.here) : pairs.keepOf(conflict.systems.here)}
        </button>
        <button class="button quiet" name="choice" value="there">
          {isDeletion ? sideOfDeletion(words, conflict.there) : pairs.keepOf(conflict.systems.there)}
        </button>
      </ActionForm>
      {conflict.fields.length > 0 && !isDeletion && (
        <details open={csrf.written?.action === action}>
          <summary>{pairs.fieldByField}</summary>
          <ActionForm action={action} csrf={csrf} class="stack">
            {hidden}
            {conflict.fields.map((name) => (
              <FieldChoice words={words} conflict={conflict} name={name} />
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

/** What a side says that is deleted there: that it goes on both. */
const sideOfDeletion = ({ pairs }: Words, state: unknown): string =>
  flatState(state) === null ? pairs.deleteOnBoth : pairs.keepOnBoth;

function FieldChoice({
  words,
  conflict,
  name,
}: {
  words: Words;
  conflict: PairConflict;
  name: string;
}): VNode {
  const { pairs } = words;
  const { systems } = conflict;
  const [here, there] = [flatState(conflict.here)?.[name], flatState(conflict.there)?.[name]];
  return (
    <fieldset class="filters">
      <legend class="field-label">{name}</legend>
      <label class="field">
        <span class="field-label">{pairs.takenFrom}</span>
        <Select
          name={`${choicePrefix}${name}`}
          value="here"
          options={[
            ['here', `${systems.here}${words.colon}${plainText(words, here)}`],
            ['there', `${systems.there}${words.colon}${plainText(words, there)}`],
            ['other', pairs.anotherValue],
          ]}
        />
      </label>
      <label class="field grow">
        <span class="field-label">{pairs.anotherValue}</span>
        <input name={`${valuePrefix}${name}`} maxLength={10_000} />
      </label>
    </fieldset>
  );
}

const longestOption = 60;

function plainText(words: Words, value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (typeof value === 'boolean') return value ? words.yes : words.no;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > longestOption ? `${text.slice(0, longestOption)}…` : text;
}

/** Several records could be the one: a person says which two belong together. */
function JoinForm({ visit, conflict, back }: Omit<Props, 'isOnLink'>): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  const keys = candidatesOf(conflict);
  const options = (side: 'here' | 'there') => keys[side].map((key) => [key, key] as const);
  if (keys.here.length === 0 || keys.there.length === 0)
    return (
      <p class="soft">
        {pairs.noCandidates} <a href={`/pairs/${conflict.pair}`}>{pairs.joinByHand}</a>
      </p>
    );
  if (keys[conflict.side].length === 1)
    return (
      <ActionForm action={`/conflicts/${conflict.id}`} csrf={csrf} class="buttons">
        <input type="hidden" name="choice" value="candidate" />
        <input type="hidden" name="revision" value={conflict.revision} />
        <input type="hidden" name="back" value={back} />
        {keys[conflict.side === 'here' ? 'there' : 'here'].map((key) => (
          <button class="button quiet" name="candidate" value={key}>
            {pairs.joinWith(key)}
          </button>
        ))}
      </ActionForm>
    );
  return (
    <ActionForm action={`/pairs/${conflict.pair}/links`} csrf={csrf} class="filters">
      {(['here', 'there'] as const).map((side) => (
        <label class="field grow">
          <span class="field-label">{pairs.keyIn(conflict.systems[side])}</span>
          <Select name={side} value={keys[side][0] ?? ''} options={options(side)} />
        </label>
      ))}
      <button class="button">{pairs.join}</button>
    </ActionForm>
  );
}
