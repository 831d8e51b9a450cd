import type { VNode } from 'preact';
import { flatState } from '../../../../../shared/formats/link-state';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import { mayEdit } from '../../../../../shared/domain/staff';
import type {
  LinkEndView,
  LinkView,
  LinkViewState,
} from '../../../../../shared/stores/pairs/link-desk-store';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { linkStates } from '../../../../../shared/systems/pair-states';
import { linkTo } from '../../link';
import { Age, Badge, Empty, Field, Pager, ProblemNote, Table, Tabs, type Tone } from '../../parts';
import type { ProblemText } from '../../problem-text';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath, systemOn } from './pair-frame';
import { visibleLines } from './shown-value';

interface Props {
  readonly pair: PairEntry;
  /** Undefined: all except deleted and parted ones. */
  readonly state: LinkViewState | undefined;
  readonly search: string | undefined;
  readonly page: ListPage<LinkView>;
  readonly problem: ProblemText | null;
}

/** The records that exist in both systems. */
export function pairLinksPage(visit: Visit, { pair, state, search, page, problem }: Props): VNode {
  const { words } = visit;
  const path = pairPath(pair.name, 'links');
  return (
    <PairPage visit={visit} pair={pair} tab="links">
      <ProblemNote problem={problem} />
      <form class="filters" role="search">
        {state !== undefined && <input type="hidden" name="state" value={state} />}
        <Field label={words.search} class="grow">
          <input
            name="search"
            value={search ?? ''}
            placeholder={words.pairs.linksSearchHint}
            maxLength={200}
          />
        </Field>
        <button class="button quiet">{words.find}</button>
      </form>
      <Tabs
        label={words.state}
        tabs={[undefined, ...linkStates].map((one) => ({
          href: linkTo(path, { state: one, search }),
          text: one === undefined ? words.all : words.pairs.linkStates[one],
          isCurrent: one === state,
        }))}
      />
      {page.items.length === 0 ? (
        <Empty title={search === undefined ? words.pairs.noLinks : words.nothingFound}>
          {words.pairs.noLinksAdvice}
          {mayEdit(visit.caller) && (
            <>
              {' '}
              <a href={pairPath(pair.name)}>{words.pairs.joinByHand}</a>
            </>
          )}
        </Empty>
      ) : (
        <LinkTable words={words} pair={pair} links={page.items} />
      )}
      <Pager words={words} base={linkTo(path, { state, search })} next={page.next} />
    </PairPage>
  );
}

const LinkTable = ({
  words,
  pair,
  links,
}: {
  words: Words;
  pair: PairEntry;
  links: readonly LinkView[];
}): VNode => (
  <Table
    label={words.pairs.tabsOfPair.links}
    columns={[
      words.pairs.link,
      systemOn(pair, 'here'),
      systemOn(pair, 'there'),
      words.state,
      words.pairs.changedAt,
    ]}
    fit="stacks"
  >
    {links.map((link) => (
      <tr>
        <th scope="row" class="wrap">
          <a href={`/links/${link.id}`}>{linkName(link)}</a>
        </th>
        <td class="wrap" data-label={systemOn(pair, 'here')}>
          <Key end={link.here} />
        </td>
        <td class="wrap" data-label={systemOn(pair, 'there')}>
          <Key end={link.there} />
        </td>
        <td>
          <LinkBadge words={words} state={link.state} />
        </td>
        <td>
          <Age words={words} at={link.changedAt} />
        </td>
      </tr>
    ))}
  </Table>
);

const Key = ({ end }: { end: LinkEndView | null }): VNode =>
  end === null ? <span class="soft">–</span> : <code>{end.key}</code>;

const tones: Readonly<Record<LinkViewState, Tone>> = {
  creating: 'busy',
  active: 'good',
  conflict: 'bad',
  quarantined: 'bad',
  'deleted-here': 'calm',
  'deleted-there': 'calm',
  gone: 'calm',
};

export const LinkBadge = ({ words, state }: { words: Words; state: LinkViewState }): VNode => (
  <Badge tone={tones[state]}>{words.pairs.linkStates[state]}</Badge>
);

/** The name by which a person recognises the record, or its keys if it has no text. */
export const linkName = ({
  id,
  here,
  there,
  shown,
}: Pick<LinkView, 'id' | 'here' | 'there' | 'shown'>): string =>
  nameOfCopy(flatState(here?.seen) ?? flatState(there?.seen) ?? flatState(shown)) ??
  here?.key ??
  there?.key ??
  id;

/** Its first texts. Null: it has none. */
export function nameOfCopy(copy: Readonly<Record<string, unknown>> | null): string | null {
  const known = copy ?? {};
  const values = isDocument(known) ? [known['name']] : Object.values(known);
  const texts = values.filter((value) => typeof value === 'string' && value.trim() !== '');
  const name = texts.slice(0, 2).join(' ').replace(/\s+/g, ' ');
  return name === '' ? null : visibleLines(name, 80);
}

/** A document is known by its name alone: its folder and its content are numbers to a person. */
const isDocument = (copy: Readonly<Record<string, unknown>>): boolean =>
  Object.hasOwn(copy, 'name') && Object.hasOwn(copy, 'parent');
