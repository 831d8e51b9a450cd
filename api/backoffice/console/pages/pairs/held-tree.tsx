import type { VNode } from 'preact';
import { mayEdit } from '../../../../../shared/domain/staff';
import { visibleText } from '../../../../../shared/domain/visible-text';
import type {
  HeldCounts,
  HeldFolder,
  HeldKind,
  HeldLine,
} from '../../../../../shared/stores/pairs/held-work-store';
import type { HeldTree } from '../../../services/pair-inbox';
import { numberText } from '../../format';
import { Page } from '../../layout';
import { linkTo } from '../../link';
import { ActionForm, Card, Empty, Pager } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { PairApprovalCard } from './approval-card';
import { below, FolderTrail, folderPath } from './plan-tree';

/** The entries that wait for an approval, folder by folder, with a decision for each folder and each kind. */
export function heldTreePage(visit: Visit, folder: string, tree: HeldTree): VNode {
  const { words } = visit;
  const { pairs } = words;
  const { approval, counts, folders, lines } = tree;
  const path = `/approvals/${approval.id}`;
  const base = linkTo(path, { folder: folder === '' ? undefined : folder });
  const isEmpty = folders.items.length === 0 && lines.items.length === 0;
  return (
    <Page visit={visit} title={pairs.approvalNumber(approval.id)} subtitle={pairs.heldTreeMeaning}>
      <div class="stack">
        <PairApprovalCard
          visit={visit}
          approval={approval}
          action={linkTo(path, { pair: approval.pair })}
          isAlone
        />
        {approval.state === 'open' && <Kinds visit={visit} path={path} counts={counts} />}
        {approval.state === 'open' && (
          <Card title={pairs.planTree} id="tree">
            <FolderTrail words={words} path={path} folder={folder} />
            {isEmpty && <Empty title={pairs.nothingWaits} />}
            <ul class="rows">
              {folders.items.map((one) => (
                <FolderLine visit={visit} path={path} within={folder} folder={one} />
              ))}
            </ul>
            <Pager words={words} base={base} next={folders.next} parameter="foldersAfter" />
            <ul class="rows">
              {lines.items.map((line) => (
                <DocumentLine words={words} line={line} />
              ))}
            </ul>
            <Pager words={words} base={base} next={lines.next} parameter="linesAfter" />
          </Card>
        )}
      </div>
    </Page>
  );
}

const kinds: readonly HeldKind[] = ['deletions', 'file-limit', 'changes'];

const countsText = (words: Words, counts: HeldCounts): string =>
  kinds
    .flatMap((kind) => {
      const count = counts[kind];
      return count === undefined
        ? []
        : [`${words.pairs.heldKinds[kind]}${words.colon}${numberText(words, count)}`];
    })
    .join(', ');

interface KindsProps {
  readonly visit: Visit;
  /** Where the decision is sent. */
  readonly path: string;
  readonly counts: HeldCounts;
}

/** If all waiting entries are of one kind, the decision about everything is enough. */
function Kinds({ visit, path, counts }: KindsProps): VNode | null {
  const { pairs } = visit.words;
  const present = kinds.filter((kind) => counts[kind] !== undefined);
  if (present.length < 2 || !mayEdit(visit.caller)) return null;
  return (
    <Card title={pairs.kindByKind}>
      {present.map((kind) => (
        <PartDecision
          visit={visit}
          path={path}
          part={{ name: 'kind', value: kind }}
          what={countsText(visit.words, { [kind]: counts[kind] })}
        />
      ))}
    </Card>
  );
}

interface FolderLineProps {
  readonly visit: Visit;
  readonly path: string;
  readonly within: string;
  readonly folder: HeldFolder;
}

function FolderLine({ visit, path, within, folder: { name, counts } }: FolderLineProps): VNode {
  const whole = below(within, name);
  return (
    <li>
      <div>
        <a href={folderPath(path, whole)}>
          <strong>{visibleText(name)}/</strong>
        </a>{' '}
        <span class="soft">{countsText(visit.words, counts)}</span>
        {mayEdit(visit.caller) && (
          <PartDecision
            visit={visit}
            path={path}
            part={{ name: 'folder', value: whole }}
            what={`${visibleText(name)}/`}
          />
        )}
      </div>
    </li>
  );
}

interface PartProps {
  readonly visit: Visit;
  readonly path: string;
  /** The field of the form that chooses the part. */
  readonly part: { readonly name: 'folder' | 'kind'; readonly value: string };
  /** The name of the part for people. */
  readonly what: string;
}

const PartDecision = ({ visit: { words, csrf }, path, part, what }: PartProps): VNode => (
  <ActionForm action={path} csrf={csrf} class="buttons">
    <input type="hidden" name={part.name} value={part.value} />
    <button
      class="button danger"
      name="decision"
      value="approve"
      data-confirm={words.pairs.confirmPart(what)}
    >
      {words.pairs.approveIt(what)}
    </button>
    <button class="button quiet" name="decision" value="reject">
      {words.pairs.rejectIt(what)}
    </button>
  </ActionForm>
);

function DocumentLine({ words, line: { path, key, kind, link } }: { words: Words; line: HeldLine }): VNode {
  const name = visibleText(path === null ? key : path.slice(path.lastIndexOf('/') + 1));
  return (
    <li>
      <div>{link === null ? <strong>{name}</strong> : <a href={`/links/${link}`}>{name}</a>}</div>
      <span class="soft">{words.pairs.heldKinds[kind]}</span>
    </li>
  );
}
