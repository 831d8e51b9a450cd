import type { ComponentChildren, VNode } from 'preact';
import { isTimeZone } from '../../../../shared/domain/known-zone';
import type { SolutionDetail } from '../../services/solutions';
import { Page } from '../layout';
import { Badge, Tabs } from '../parts';
import type { Visit } from '../visit';

export type SolutionTab =
  'now' | 'syncs' | 'params' | 'readings' | 'temperatures' | 'alerts' | 'photos' | 'messages' | 'settings';

interface Props {
  readonly visit: Visit;
  readonly solution: SolutionDetail;
  readonly tab: SolutionTab;
  readonly aside?: ComponentChildren;
  readonly hasCharts?: boolean;
  readonly children: ComponentChildren;
}

const tabs: readonly SolutionTab[] = [
  'now',
  'syncs',
  'params',
  'readings',
  'temperatures',
  'alerts',
  'photos',
  'messages',
  'settings',
];

/** A page about one solution. */
export const SolutionPage = ({ visit, solution, tab, aside, hasCharts = false, children }: Props): VNode => (
  <Page
    visit={visit}
    title={shownName(solution)}
    tabTitle={`${visit.words.tabs[tab]} · ${shownName(solution)}`}
    trail={[{ href: '/solutions', text: visit.words.solutions }]}
    subtitle={
      <>
        {solution.mail} · {solution.account.name}
        {solution.version !== null && ` · ${visit.words.version} ${solution.version}`}
        {solution.blockedAt !== null && <Badge tone="bad">{visit.words.blocked}</Badge>}
        {solution.lockedAt !== null && <Badge tone="bad">{visit.words.locked}</Badge>}
      </>
    }
    aside={aside}
    hasCharts={hasCharts}
  >
    <Tabs
      label={visit.words.aboutThisSolution}
      tabs={tabs.map((one) => ({
        href: solutionPath(solution.id, one),
        text: visit.words.tabs[one],
        isCurrent: one === tab,
      }))}
    />
    <div class="stack">
      {!isTimeZone(solution.timezone) && (
        <p class="notice busy">
          {visit.words.noSuchZone(solution.timezone)}{' '}
          <a href={solutionPath(solution.id, 'settings')}>{visit.words.tabs.settings}</a>
        </p>
      )}
      {children}
    </div>
  </Page>
);

/** A link needs a text, also to a solution whose name is blank. */
export const shownName = ({ name, mail }: Pick<SolutionDetail, 'name' | 'mail'>): string =>
  name.trim() === '' ? mail : name;

export const solutionPath = (id: number, tab: SolutionTab): string =>
  tab === 'now' ? `/solutions/${id}` : `/solutions/${id}/${tab}`;
