import type { VNode } from 'preact';
import type { ParameterClass } from '../../../../shared/catalog/parameter-classes';
import { fieldOf, sameValue } from '../../../../shared/domain/merge-copy';
import type { ParamVersion } from '../../../../shared/stores/parameters/param-store';
import { choiceText, FieldName } from '../label-text';
import { Moment } from '../parts';
import type { Words } from '../words';
import { byText, valueText } from './param-parts';

export const History = ({
  words,
  zone,
  parameterClass,
  versions,
}: {
  words: Words;
  zone: string;
  parameterClass: ParameterClass;
  versions: readonly ParamVersion[];
}): VNode => (
  <ol class="timeline">
    {versions.map((version, place) => (
      <li>
        <span>
          <strong>
            {words.version} {version.version}
          </strong>{' '}
          {byText(words, version.by)}
        </span>
        <span class="soft">
          <Moment words={words} at={version.at} zone={zone} />
        </span>
        <Changes
          words={words}
          parameterClass={parameterClass}
          version={version}
          before={versions[place + 1] ?? null}
        />
        {version.syncId !== null && <a href={`/syncs/${version.syncId}`}>{words.fromSync}</a>}
      </li>
    ))}
  </ol>
);

/** The changes of a version. For the oldest version shown, that is not known. */
function Changes({
  words,
  parameterClass,
  version,
  before,
}: {
  words: Words;
  parameterClass: ParameterClass;
  version: ParamVersion;
  before: ParamVersion | null;
}): VNode | null {
  if (!version.isActive) return <p class="bad">{words.deleted}</p>;
  if (before === null) return version.version === 1 ? <p class="soft">{words.created}</p> : null;
  const names = [...new Set([...Object.keys(before.fields), ...Object.keys(version.fields)])];
  const changed = names.filter(
    (name) => !sameValue(fieldOf(before.fields, name), fieldOf(version.fields, name)),
  );
  const columns = new Map(parameterClass.columns.map((column) => [column.name, column]));
  const shownValue = (name: string, { fields }: ParamVersion) =>
    choiceText(words, columns.get(name) ?? {}, valueText(words, fieldOf(fields, name)));
  return (
    <ul class="changes">
      {changed.map((name) => (
        <li>
          <FieldName words={words} of={parameterClass.name} name={name} />
          {words.colon}
          <del>{shownValue(name, before)}</del> → <ins>{shownValue(name, version)}</ins>
        </li>
      ))}
    </ul>
  );
}
