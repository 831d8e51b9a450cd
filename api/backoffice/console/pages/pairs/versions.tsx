import type { VNode } from 'preact';
import { z } from 'zod';
import type { DocumentVersion } from '../../../../../shared/stores/pairs/link-desk-store';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import { Bytes, Card, Moment, Table } from '../../parts';
import type { Words } from '../../words';
import { pairPath, systemOn } from './pair-frame';
import { operationsOf } from './plan-lines';

interface Props {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly versions: readonly DocumentVersion[];
}

const facts = z.object({ bytes: z.number(), hash: z.string().nullable() }).nullable();
const bothSides = z.object({ here: facts, there: facts });

/** Size and hash of what each side holds. Null: neither is known. */
export const contentsIn = (kept: unknown) => bothSides.safeParse(kept).data ?? null;

/** The contents that a document has had: when each came, from where, how large it is. Nothing for a folder. */
export function Versions({ words, pair, versions }: Props): VNode | null {
  const { pairs } = words;
  if (versions.length === 0) return null;
  return (
    <Card title={pairs.versions} id="versions">
      <Table
        label={pairs.versions}
        columns={[words.time, pairs.versionFrom, { label: pairs.size, isNumber: true }, pairs.run]}
        fit="stacks"
      >
        {versions.map((version) => (
          <VersionRow words={words} pair={pair} version={version} />
        ))}
      </Table>
    </Card>
  );
}

function VersionRow({
  words,
  pair,
  version: { at, run, operations, contents },
}: Omit<Props, 'versions'> & { readonly version: DocumentVersion }): VNode {
  const { pairs } = words;
  const side = sourceOf(operations);
  const both = contentsIn(contents);
  const content = side === null ? (both?.here ?? both?.there) : (both?.[side] ?? null);
  return (
    <tr>
      <th scope="row">
        <Moment words={words} at={at} />
      </th>
      <td class="wrap" data-label={pairs.versionFrom}>
        {side === null ? pairs.bothSidesHadIt : systemOn(pair, side)}
      </td>
      <td class="number" data-label={pairs.size}>
        {content === null || content === undefined ? '–' : <Bytes words={words} count={content.bytes} />}
        {typeof content?.hash === 'string' && (
          <span class="under">
            <code>{content.hash.slice(0, shownHash)}</code>
          </span>
        )}
      </td>
      <td data-label={pairs.run}>
        {run === null ? '–' : <a href={`${pairPath(pair.name, 'runs')}/${run}`}>{run}</a>}
      </td>
    </tr>
  );
}

/** Enough to tell one content from another; the whole hash is in the table of both copies. */
const shownHash = 19;

/** The side that nothing was written to. Null: nothing was written, or both sides were. */
function sourceOf(operations: unknown): 'here' | 'there' | null {
  const written = new Set(operationsOf(operations).map(({ side }) => side));
  if (written.size !== 1) return null;
  return written.has('here') ? 'there' : 'here';
}
