import type { VNode } from 'preact';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { DocumentPairSettings } from '../../../../../shared/systems/pair-settings';
import { bytesText, numberText } from '../../format';
import { Card, Facts } from '../../parts';
import type { Words } from '../../words';
import { systemOn } from './pair-frame';

interface Props {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly settings: DocumentPairSettings;
}

/** How a pair of documents is kept equal: what is looked at, who wins, and what waits for someone. */
export const DocumentSettings = ({ words, pair, settings }: Props): VNode => (
  <>
    <p class="soft">{words.pairs.ofDocuments}</p>
    <div class="columns even">
      <Compared words={words} pair={pair} settings={settings} />
      <Limits words={words} settings={settings} />
    </div>
  </>
);

function Compared({ words, pair, settings }: Props): VNode {
  const { pairs } = words;
  const { leaveOut, content, names, conflict, direction } = settings;
  return (
    <Card title={pairs.documentRules}>
      <Facts
        entries={[
          [pairs.direction, pairs.directions[direction](systemOn(pair, 'here'), systemOn(pair, 'there'))],
          [pairs.comparedBy, pairs.comparisons[content.compare]],
          [pairs.contentConflict, pairs.documentWinners[conflict.content]],
          [pairs.placeConflict, pairs.documentWinners[conflict.place]],
          [pairs.nameTaken, names.clash === 'suffix' ? pairs.getsNumber : pairs.documentWinners.manual],
          [pairs.nameBad, names.bad === 'fit' ? pairs.isFitted : pairs.documentWinners.manual],
          [
            pairs.leftOut,
            leaveOut.length === 0 ? (
              pairs.nothingLeftOut
            ) : (
              <ul class="plain-list">
                {leaveOut.map((glob) => (
                  <li>
                    <code>{glob}</code>
                  </li>
                ))}
              </ul>
            ),
          ],
        ]}
      />
    </Card>
  );
}

function Limits({ words, settings }: Omit<Props, 'pair'>): VNode {
  const { pairs } = words;
  const { entries, file, deletions } = settings.limits;
  const above = (then: 'approval' | 'skip', text: string) => `${text}${words.colon}${pairs.aboveLimit[then]}`;
  return (
    <Card title={pairs.documentLimits}>
      <Facts
        entries={[
          [
            pairs.limitOfEntries,
            entries === undefined ? pairs.noLimit : above(entries.above, numberText(words, entries.count)),
          ],
          [
            pairs.limitOfFile,
            file === undefined ? pairs.noLimit : above(file.above, bytesText(words, file.bytes)),
          ],
          [
            pairs.limitOfDeletions,
            above(
              deletions.above,
              pairs.deletionLimit(
                numberText(words, deletions.count),
                numberText(words, deletions.share * 100),
              ),
            ),
          ],
        ]}
      />
    </Card>
  );
}
