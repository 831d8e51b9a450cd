import type { VNode } from 'preact';
import type { PairEntry } from '../../../../../shared/stores/pairs/pair-config-store';
import type { FieldRule } from '../../../../../shared/systems/field-settings';
import type { FieldSettings, GroupConflict, PairSettings } from '../../../../../shared/systems/pair-settings';
import type { KeptField } from '../../../services/pair-runs';
import { Badge, Table } from '../../parts';
import type { Visit } from '../../visit';
import type { Words } from '../../words';
import { DocumentSettings } from './document-settings';
import { PairPage, systemOn } from './pair-frame';
import { ShownValue } from './shown-value';

interface Props {
  readonly pair: PairEntry;
  readonly settings: PairSettings;
  readonly kept: readonly KeptField[];
}

/** Which field is which, and what the servers were found to make of it. */
export const pairFieldsPage = (visit: Visit, { pair, settings, kept }: Props): VNode => (
  <PairPage visit={visit} pair={pair} tab="fields">
    {settings.holds === 'documents' && (
      <DocumentSettings words={visit.words} pair={pair} settings={settings} />
    )}
    {settings.fields.length > 0 && (
      <>
        <p class="soft">{visit.words.pairs.fieldsMeaning}</p>
        <FieldTable words={visit.words} pair={pair} settings={settings} kept={kept} />
      </>
    )}
  </PairPage>
);

interface TableProps {
  readonly words: Words;
  readonly pair: PairEntry;
  readonly settings: FieldSettings;
  readonly kept: readonly KeptField[];
}

function FieldTable({ words, pair, settings, kept }: TableProps): VNode {
  const { pairs } = words;
  const columns = [
    systemOn(pair, 'here'),
    systemOn(pair, 'there'),
    pairs.flow,
    pairs.transforms,
    pairs.group,
    pairs.conflictRule,
    pairs.keptBy,
  ];
  return (
    <Table label={pairs.tabsOfPair.fields} columns={columns} fit="stacks">
      {settings.fields.map((rule) => (
        <tr>
          <th scope="row">
            <code>{rule.here}</code>
          </th>
          <td data-label="⇄">
            <code>{rule.there}</code>
          </td>
          <td>{pairs.flows[rule.flows]}</td>
          <td class="wrap">{transformText(words, rule)}</td>
          <td data-label={pairs.group}>{rule.group}</td>
          <td data-label={pairs.conflictRule}>
            {ruleText(words, settings.groups[rule.group]?.conflict ?? 'manual')}
          </td>
          <td class="wrap">
            <Kept words={words} pair={pair} rule={rule} kept={kept} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function transformText(words: Words, { transform, link }: FieldRule): string {
  const steps = transform.map((one) => (one.step === 'lookup' ? `lookup ${one.lookup}` : one.step));
  return [...steps, ...(link === null ? [] : [words.pairs.linksTo(link)])].join(', ');
}

function ruleText({ pairs }: Words, rule: GroupConflict): string {
  return pairs.conflictRules[typeof rule === 'string' ? rule : rule.merge];
}

function Kept({
  words,
  pair,
  rule,
  kept,
}: Omit<TableProps, 'settings'> & { readonly rule: FieldRule }): VNode {
  const { pairs } = words;
  const known = (['here', 'there'] as const).flatMap((side) =>
    kept.filter((one) => one.side === side && [rule.name, rule[side]].includes(one.field)),
  );
  if (known.length === 0) return <span class="soft">{pairs.keptUnknown}</span>;
  return (
    <ul class="plain-list">
      {known.map(({ side, kept: isKept, sent, shown }) => (
        <li>
          {systemOn(pair, side)}
          {words.colon}
          <Badge tone={isKept === 'yes' ? 'good' : 'busy'}>
            {isKept === 'yes' ? pairs.keptYes : pairs.keptNo}
          </Badge>
          {isKept === 'no' && (
            <span class="under">
              {pairs.sent} <ShownValue words={words} value={sent} />, {pairs.shows}{' '}
              <ShownValue words={words} value={shown} />
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
