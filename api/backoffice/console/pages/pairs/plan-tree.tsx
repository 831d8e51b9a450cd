import type { VNode } from 'preact';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { PlanFolderView, PlanItemView } from '../../../../../shared/stores/pairs/pair-run-request-store';
import type { PlanFolder } from '../../../services/pair-runs';
import { numberText } from '../../format';
import { linkTo } from '../../link';
import { Bytes, Card, Pager } from '../../parts';
import type { Words } from '../../words';
import { systemOn } from './pair-frame';
import { firstOfEach } from './timeline';
import { ToldReason } from './told-reason';
import { operationsOf, VerdictBadge, verdictCounts } from './plan-lines';

interface Props {
  readonly words: Words;
  readonly pair: PairEntry;
  /** Of the plan. */
  readonly path: string;
  readonly tree: PlanFolder;
}

/** A plan of documents, folder by folder: each folds open, and has a page of its own. */
export function PlanTree({ words, pair, path, tree: { folder, folders, items } }: Props): VNode {
  const base = linkTo(path, { folder: folder === '' ? undefined : folder });
  return (
    <Card title={words.pairs.planTree} id="tree">
      <FolderTrail words={words} path={path} folder={folder} />
      {folders.items.map((one) => (
        <Folder words={words} pair={pair} path={path} within={folder} folder={one} />
      ))}
      <Pager words={words} base={base} next={folders.next} parameter="foldersAfter" />
      {items.items.length > 0 && (
        <ul class="rows">
          {items.items.map((item) => (
            <DocumentLine words={words} pair={pair} item={item} within={folder} />
          ))}
        </ul>
      )}
      <Pager words={words} base={base} next={items.next} parameter="itemsAfter" />
    </Card>
  );
}

export const below = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

export function FolderTrail({
  words,
  path,
  folder,
}: {
  words: Words;
  path: string;
  folder: string;
}): VNode | null {
  if (folder === '') return null;
  const names = folder.split('/');
  return (
    <p>
      <a href={`${path}#tree`}>{words.pairs.allFolders}</a>
      {names.map((name, place) => (
        <>
          {' / '}
          {place === names.length - 1 ? (
            <strong>{visibleText(name)}</strong>
          ) : (
            <a href={folderPath(path, names.slice(0, place + 1).join('/'))}>{visibleText(name)}</a>
          )}
        </>
      ))}
    </p>
  );
}

export const folderPath = (path: string, folder: string): string => `${linkTo(path, { folder })}#tree`;

interface FolderProps extends Omit<Props, 'tree'> {
  readonly within: string;
  readonly folder: PlanFolderView;
}

function Folder({ words, pair, path, within, folder }: FolderProps): VNode {
  const whole = below(within, folder.name);
  const lines = Object.values(folder.counts).reduce((sum, count) => sum + count, 0);
  return (
    <details class="folder">
      <summary>
        <strong>{visibleText(folder.name)}/</strong>{' '}
        <span class="soft">
          {verdictCounts(words, folder.counts)}
          {folder.bytes > 0 && (
            <>
              {' · '}
              <Bytes words={words} count={folder.bytes} />
            </>
          )}
        </span>
      </summary>
      <ul class="rows">
        {folder.first.map((item) => (
          <DocumentLine words={words} pair={pair} item={item} within={whole} />
        ))}
      </ul>
      <p>
        <a href={folderPath(path, whole)}>{words.pairs.openFolder(numberText(words, lines), lines)}</a>
      </p>
    </details>
  );
}

interface LineProps extends Omit<Props, 'path' | 'tree'> {
  readonly item: PlanItemView;
  readonly within: string;
}

/** The planned result for one document, and its side. */
function DocumentLine({ words, pair, item, within }: LineProps): VNode {
  const { pairs } = words;
  const shown = item.path ?? item.key;
  const name = within !== '' && shown.startsWith(`${within}/`) ? shown.slice(within.length + 1) : shown;
  const operations = operationsOf(item.operations);
  return (
    <li>
      <div>
        {item.link === null ? (
          <strong>{visibleText(name)}</strong>
        ) : (
          <a href={`/links/${item.link}`}>{visibleText(name)}</a>
        )}{' '}
        {item.bytes !== null && (
          <span class="soft">
            <Bytes words={words} count={item.bytes} />
          </span>
        )}
        {firstOfEach(operations).map(({ side, op }) => (
          <p>
            {pairs.documentOperations[op](systemOn(pair, side))}
            {op === 'move' && item.pathBefore !== null && (
              <>
                {' '}
                {pairs.fromPath} <code>{visibleText(item.pathBefore)}</code>
              </>
            )}
          </p>
        ))}
        {item.reason !== null && (
          <p class="soft">
            <ToldReason words={words} of={item} />
          </p>
        )}
      </div>
      <VerdictBadge words={words} verdict={item.verdict} />
    </li>
  );
}
