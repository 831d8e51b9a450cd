import type { VNode } from 'preact';
import { z } from 'zod';
import { candidatesOf, shownCandidate } from '../../../../../shared/formats/conflict-candidates';
import { flatState, isSame, statesOf } from '../../../../../shared/formats/link-state';
import { mayEdit } from '../../../../../shared/domain/staff';
import type { PairConflict } from '../../../../../shared/stores/pairs/pair-inbox-store';
import { personText } from '../../format';
import { ActionForm, Age, Badge, Card, Select, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { nameOfCopy } from './pair-links';
import { FieldLabel, isDisputed, ShownValue } from './shown-value';

/** Before the name of a disputed field: which side, or another value. */
export const choicePrefix = 'c.';
/** Before the name of a disputed field: the other value. */
export const valuePrefix = 'f.';

interface Props {
  readonly visit: Visit;
  readonly conflict: PairConflict;
  /** The page that follows a decision. */
  readonly back: string;
  /** The page shows both copies already. */
  readonly isOnLink?: boolean;
}

/** The values that differ in two systems, and who decides about them. */
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
      <p>{kindMeaning(words, conflict)}</p>
      {kind === 'match' && <CandidateTable words={words} conflict={conflict} />}
      {!isOnLink && kind !== 'match' && <CopyTable words={words} conflict={conflict} />}
      {state !== 'open' ? (
        <Decided words={words} conflict={conflict} />
      ) : !mayEdit(caller) ? (
        <p class="soft">{words.readOnly}</p>
      ) : kind === 'name' ? (
        <p class="soft">{pairs.renameThere}</p>
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
    {conflict.decidedBy !== null && ` · ${personText(words, conflict.decidedBy)}`}
    {conflict.state === 'decided' && conflict.appliedAt === null && ` · ${words.pairs.isCarriedOut}`}
  </p>
);

/** The name by which a person recognises the record. */
const conflictName = ({ here, there, side, key, candidates }: PairConflict): string =>
  nameOfCopy(flatState(here) ?? flatState(there) ?? shownCandidate(candidates, side, key)) ?? key;

/** Somebody has the name on the other side, or that side can take it from nobody. */
function kindMeaning({ pairs }: Words, conflict: PairConflict): string {
  const { kind, key, systems } = conflict;
  const holders = candidatesOf(conflict);
  const side = (['here', 'there'] as const).find((one) => holders[one].some((holder) => holder !== key));
  return kind === 'name' && side !== undefined ? pairs.nameIsTaken(systems[side]) : pairs.conflictKinds[kind];
}

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
  // What has a name that the other side cannot take was never there.
  const absent = conflict.kind === 'name' ? pairs.isNotThere : words.deleted;
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
          <td data-label={systems.here}>{ofHere === null ? absent : pairs.isThere}</td>
          <td data-label={systems.there}>{ofThere === null ? absent : pairs.isThere}</td>
        </tr>
      )}
      {shown.map((name) => (
        <tr class={isOpen && isDisputed(fields, name) ? 'disputed' : undefined}>
          <th scope="row">
            <FieldLabel words={words} name={name} />{' '}
            {isDisputed(fields, name) && (
              <Badge tone={isOpen ? 'bad' : 'calm'}>{isOpen ? words.disputed : words.wasDisputed}</Badge>
            )}
          </th>
          <Cell words={words} label={systems.here} name={name} now={ofHere} before={before?.here ?? null} />
          <Cell
            words={words}
            label={systems.there}
            name={name}
            now={ofThere}
            before={before?.there ?? null}
          />
        </tr>
      ))}
    </Table>
  );
}

interface CellProps {
  readonly words: Words;
  readonly label: string;
  readonly name: string;
  /** The copy of that side. Null: it has none. */
  readonly now: Readonly<Record<string, unknown>> | null;
  readonly before: Readonly<Record<string, unknown>> | null;
}

const Cell = ({ words, label, name, now, before }: CellProps): VNode => (
  <td class="wrap" data-label={label}>
    <FieldValue words={words} name={name} copy={now} />
    {before !== null && !isSame(now?.[name], before[name]) && (
      <span class="under">
        {words.pairs.lastSeen} <FieldValue words={words} name={name} copy={before} />
      </span>
    )}
  </td>
);

/** A document right in the root of the pair has no folder of its own. */
const FieldValue = ({
  words,
  name,
  copy,
}: Pick<CellProps, 'words' | 'name'> & { readonly copy: CellProps['now'] }): VNode =>
  name === 'parent' && copy !== null && copy[name] === null ? (
    <span class="soft">{words.pairs.rootFolder}</span>
  ) : (
    <ShownValue words={words} value={copy?.[name]} />
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
        {isDeletion ? (
          <DeletionButtons words={words} gone={flatState(conflict.here) === null ? 'here' : 'there'} />
        ) : (
          <>
            <button class="button" name="choice" value="here">
              {pairs.keepOf(conflict.systems.here)}
            </button>
            <button class="button quiet" name="choice" value="there">
              {pairs.keepOf(conflict.systems.there)}
            </button>
          </>
        )}
      </ActionForm>
      {conflict.fields.length > 0 && conflict.kind !== 'place' && !isDeletion && (
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

/**
 * If the side that has the record wins, it stays on both sides. If the side that deleted it wins, it is deleted on
 * both.
 */
const DeletionButtons = ({ words, gone }: { words: Words; gone: 'here' | 'there' }): VNode => (
  <>
    <button class="button" name="choice" value={otherSide[gone]}>
      {words.pairs.keepOnBoth}
    </button>
    <button class="button danger" name="choice" value={gone} data-confirm={words.pairs.confirmDeletion}>
      {words.pairs.deleteOnBoth}
    </button>
  </>
);

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

/** Several records could be the one: a person chooses the one that belongs to what was looked at. */
function JoinForm({ visit, conflict, back }: Omit<Props, 'isOnLink'>): VNode {
  const { words, csrf } = visit;
  const { pairs } = words;
  const keys = candidatesOf(conflict)[otherSide[conflict.side]];
  if (keys.length === 0)
    return (
      <p class="soft">
        {pairs.noCandidates} <a href={`/pairs/${conflict.pair}`}>{pairs.joinByHand}</a>
      </p>
    );
  return (
    <ActionForm action={`/conflicts/${conflict.id}`} csrf={csrf} class="buttons">
      <input type="hidden" name="choice" value="candidate" />
      <input type="hidden" name="revision" value={conflict.revision} />
      <input type="hidden" name="back" value={back} />
      {keys.map((key) => (
        <button class="button quiet" name="candidate" value={key}>
          {pairs.joinWith(key)}
        </button>
      ))}
    </ActionForm>
  );
}

const otherSide = { here: 'there', there: 'here' } as const;

/** Of records with many fields, only fields that differ help a person to choose. */
const mostColumns = 5;

/** The record in question, and below it all candidates, field by field. */
function CandidateTable({ words, conflict }: { words: Words; conflict: PairConflict }): VNode | null {
  const { pairs } = words;
  const { side, key, systems } = conflict;
  const keys = candidatesOf(conflict);
  const rows = [
    { side, key, isThis: true },
    ...keys[otherSide[side]].map((one) => ({ side: otherSide[side], key: one, isThis: false })),
  ].map((row) => ({ ...row, fields: shownCandidate(conflict.candidates, row.side, row.key) }));
  const columns = tellingFields(rows.map(({ fields }) => fields));
  if (columns.length === 0) return null;
  return (
    <Table
      label={`${pairs.conflictKinds.match} ${conflict.id}`}
      columns={[pairs.record, ...columns]}
      fit="stacks"
    >
      {rows.map((row) => (
        <tr class={row.isThis ? 'expected' : undefined}>
          <th scope="row">
            {systems[row.side]} <code>{row.key}</code>
            <span class="under">{row.isThis ? pairs.thisRecord : pairs.couldBe}</span>
          </th>
          {columns.map((name) => (
            <td class="wrap" data-label={name}>
              <ShownValue words={words} value={row.fields?.[name]} />
            </td>
          ))}
        </tr>
      ))}
    </Table>
  );
}

/** The fields with a value, first those that are not the same in all of them. */
function tellingFields(copies: readonly (Readonly<Record<string, unknown>> | null)[]): string[] {
  const known = copies.filter((one) => one !== null);
  const [first] = known;
  const isAlike = (name: string) => known.every((one) => isSame(one[name], first?.[name]));
  const names = [...new Set(known.flatMap((one) => Object.keys(one)))].filter((name) =>
    known.some((one) => (one[name] ?? '') !== ''),
  );
  return [...names.filter((name) => !isAlike(name)), ...names.filter(isAlike)].slice(0, mostColumns);
}
