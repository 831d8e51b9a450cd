import type { ComponentChildren, VNode } from 'preact';
import { z } from 'zod';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { Page } from '../../layout';
import { Tabs } from '../../parts';
import type { Visit } from '../../visit';
import { PairBadge } from './pair-table';

export const pairTabs = ['now', 'links', 'plans', 'jobs', 'fields', 'runs', 'history'] as const;
export type PairTab = (typeof pairTabs)[number];

interface Props {
  readonly visit: Visit;
  readonly pair: PairEntry;
  readonly tab: PairTab;
  /** The title of a page below a tab. */
  readonly title?: string;
  readonly subtitle?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A page about one pair. */
export const PairPage = ({ visit, pair, tab, title, subtitle, children }: Props): VNode => (
  <Page
    visit={visit}
    title={title ?? pair.name}
    tabTitle={`${title ?? visit.words.pairs.tabsOfPair[tab]} · ${pair.name}`}
    trail={[
      { href: '/pairs', text: visit.words.pairs.pairs },
      ...(title === undefined ? [] : [{ href: pairPath(pair.name), text: pair.name }]),
    ]}
    subtitle={
      subtitle ?? (
        <>
          <a href={`/systems/${pair.here.name}`}>{pair.here.name}</a> {endText(pair, 'here')} ⇄{' '}
          <a href={`/systems/${pair.there.name}`}>{pair.there.name}</a> {endText(pair, 'there')}
          <PairBadge words={visit.words} pair={pair} />
        </>
      )
    }
  >
    <Tabs
      label={visit.words.pairs.aboutThisPair}
      tabs={pairTabs.map((one) => ({
        href: pairPath(pair.name, one),
        text: visit.words.pairs.tabsOfPair[one],
        isCurrent: one === tab,
      }))}
    />
    <div class="stack">{children}</div>
  </Page>
);

/** A part of a page that renews itself from `path` where there is JavaScript; null: it is as it will stay. */
export const Live = ({ path, children }: { path: string | null; children: ComponentChildren }): VNode => (
  <div
    class="stack"
    id="live"
    {...(path === null
      ? {}
      : {
          'hx-get': path,
          'hx-select': '#live',
          'hx-target': 'this',
          'hx-swap': 'outerHTML',
          'hx-trigger': 'every 3s',
        })}
  >
    {children}
  </div>
);

export const pairPath = (name: string, tab: PairTab = 'now'): string =>
  tab === 'now' ? `/pairs/${name}` : `/pairs/${name}/${tab}`;

/** Name of the system on that side. */
export const systemOn = (pair: PairEntry, side: 'here' | 'there'): string => pair[side].name;

/** The part of the system that the pair uses: an entity, a table or a folder. Empty: the whole system. */
export function endText({ config }: Pick<PairEntry, 'config'>, side: 'here' | 'there'): string {
  const end = z.object({ [side]: z.record(z.string(), z.unknown()) }).safeParse(config).data?.[side];
  const name = ['entity', 'table', 'model', 'root'].map((key) => end?.[key]).find((one) => one !== undefined);
  return typeof name === 'string' ? name : '';
}
