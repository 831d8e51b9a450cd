import type { VNode } from 'preact';
import type { JsonDifference } from '../../../../../shared/domain/json-differences';
import type { Page as ListPage } from '../../../../../shared/domain/page';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PairChange } from '../../../services/pair-history';
import { personText } from '../../format';
import { Card, Empty, Moment, Pager, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairPage, pairPath } from './pair-frame';

/** Every configuration that a pair has had: who changed what, and when. */
export const pairHistoryPage = (
  visit: Visit,
  { pair, items, next }: { readonly pair: PairEntry } & ListPage<PairChange>,
): VNode => (
  <PairPage visit={visit} pair={pair} tab="history">
    <p class="soft">{visit.words.pairs.historyMeaning}</p>
    {items.map((change) => (
      <Change words={visit.words} change={change} />
    ))}
    <Pager words={visit.words} base={pairPath(pair.name, 'history')} next={next} />
  </PairPage>
);

function Change({ words, change }: { words: Words; change: PairChange }): VNode {
  const { pairs } = words;
  const { version, at, by, config } = change.version;
  return (
    <Card
      id={`v${version}`}
      title={pairs.versionNumber(version)}
      aside={
        <span class="soft">
          {personText(words, by)} · <Moment words={words} at={at} />
        </span>
      }
    >
      {change.differences === null ? (
        <p class="soft">{pairs.firstVersion}</p>
      ) : change.differences.length === 0 ? (
        <Empty title={pairs.nothingDiffers} />
      ) : (
        <Differences words={words} differences={change.differences} />
      )}
      <details>
        <summary>{pairs.wholeConfiguration}</summary>
        <pre>{JSON.stringify(config, null, 2)}</pre>
      </details>
    </Card>
  );
}

const Differences = ({
  words,
  differences,
}: {
  words: Words;
  differences: readonly JsonDifference[];
}): VNode => (
  <Table
    label={words.pairs.historyMeaning}
    columns={[words.pairs.setting, words.pairs.before, words.pairs.after]}
    fit="stacks"
  >
    {differences.map(({ path, before, after }) => (
      <tr>
        <th scope="row" class="wrap">
          {path.join(' › ')}
        </th>
        <td class="wrap" data-label={words.pairs.before}>
          <Setting value={before} />
        </td>
        <td class="wrap" data-label={words.pairs.after}>
          <Setting value={after} />
        </td>
      </tr>
    ))}
  </Table>
);

const Setting = ({ value }: { value: unknown }): VNode =>
  value === undefined ? <span class="soft">–</span> : <code>{JSON.stringify(value)}</code>;
