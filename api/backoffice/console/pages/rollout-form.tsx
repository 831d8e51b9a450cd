import type { VNode } from 'preact';
import { z } from 'zod';
import { parameterClasses } from '../../../../shared/catalog/parameter-classes';
import { channels } from '../../../../shared/domain/channel';
import { flags } from '../../../../shared/domain/flag';
import { rolloutApprovals, usualRolloutRules, usualWavePercents } from '../../../../shared/domain/rollout';
import { decode } from '../../../http/decode';
import { textOf } from '../../http/request-fields';
import type { GivenChange, RolloutPlan } from '../../services/rollouts';
import { blankless } from '../form-input';
import { labelText } from '../label-text';
import { Page } from '../layout';
import { ActionForm, Field, ProblemNote, Select, Tabs } from '../parts';
import type { ProblemText } from '../problem-text';
import type { Visit } from '../visit';
import type { Words } from '../words';
import { FlagFields } from './flag-fields';

/** `reset-status` takes effect at once, so there is nothing to wait for. */
const wavedFlags = flags.filter((flag) => flag !== 'reset-status');
const percent = z.coerce.number().int().min(0).max(100);
const common = z.object({
  name: textOf(200),
  search: textOf(200).optional(),
  waves: z
    .string()
    .regex(/^\s*\d{1,2}(\s*[,; ]\s*\d{1,2})*\s*$/)
    .transform((text) =>
      text
        .split(/[,; ]+/)
        .filter((part) => part !== '')
        .map(Number),
    )
    .refine(
      (percents) => percents.every((one) => one > 0) && percents.reduce((sum, one) => sum + one, 0) < 100,
    )
    .default([]),
  waveHours: z.coerce.number().int().min(1).max(2160),
  maxFailedPercent: percent,
  maxExpiredPercent: percent,
  approval: z.enum(rolloutApprovals),
});
const flagForm = common.extend({
  kind: z.literal('flag'),
  flag: z.enum(wavedFlags),
  channel: z.enum(channels),
});
const settingForm = common.extend({
  kind: z.literal('settings'),
  className: textOf(64),
  whereField: textOf(128).optional(),
  whereValue: z.string().max(10_000).default(''),
  setField: textOf(128),
  setValue: z.string().max(10_000).optional(),
});
const form = z.discriminatedUnion('kind', [flagForm, settingForm]);
type Form = z.output<typeof form>;
export type RolloutFormKind = Form['kind'];

/** The plan that the form describes. */
export function planOfForm(body: unknown): RolloutPlan {
  const given = decode(form, blankless(body));
  const { name, search = null, waves, waveHours, maxFailedPercent, maxExpiredPercent, approval } = given;
  return {
    name,
    change: changeOf(given),
    target: { filter: { search, accountId: null, state: null } },
    wavePercents: waves,
    rules: { waveHours, maxFailedPercent, maxExpiredPercent, needsApproval: approval },
  };
}

function changeOf(given: Form): GivenChange {
  if (given.kind === 'flag') return { kind: 'flag', channel: given.channel, flag: given.flag };
  const { className, whereField, whereValue, setField, setValue = null } = given;
  const where = whereField === undefined ? {} : { [whereField]: whereValue };
  return { kind: 'settings', edits: [{ className, where, fields: { [setField]: setValue } }] };
}

/** The form for a new plan: of a flag, or of a setting. */
export function rolloutFormPage(visit: Visit, kind: RolloutFormKind, problem: ProblemText | null): VNode {
  const { words, csrf } = visit;
  const tabs = (['flag', 'settings'] as const).map((one) => ({
    href: `/rollouts/new?kind=${one}`,
    text: words.rolloutOf[one],
    isCurrent: one === kind,
  }));
  return (
    <Page visit={visit} title={words.newRollout} trail={[{ href: '/rollouts', text: words.rollouts }]}>
      <Tabs label={words.rolloutChange} tabs={tabs} />
      <ActionForm action="/rollouts" csrf={csrf} class="card narrow stack">
        <ProblemNote problem={problem} />
        <input type="hidden" name="kind" value={kind} />
        <Field label={words.name}>
          <input name="name" required maxLength={200} />
        </Field>
        {kind === 'flag' ? (
          <FlagFields words={words} offered={wavedFlags} />
        ) : (
          <SettingFields words={words} />
        )}
        <Field label={words.whichSolutions} hint={words.whichSolutionsHint}>
          <input name="search" maxLength={200} />
        </Field>
        <RuleFields words={words} />
        <p class="hint">{words.savePlanHint}</p>
        <button class="button">{words.savePlan}</button>
      </ActionForm>
    </Page>
  );
}

function SettingFields({ words }: { words: Words }): VNode {
  const classes = parameterClasses.filter(({ direction }) => direction !== 'solution');
  return (
    <>
      <Field label={words.settingClass}>
        <Select
          name="className"
          value="Fridges"
          options={classes.map(({ name }) => [name, labelText(words, name)] as const)}
        />
      </Field>
      <Field label={words.whereField} hint={words.whereFieldHint}>
        <input name="whereField" maxLength={128} />
      </Field>
      <Field label={words.whereValue}>
        <input name="whereValue" />
      </Field>
      <Field label={words.setField} hint={words.setFieldHint}>
        <input name="setField" required maxLength={128} />
      </Field>
      <Field label={words.setValue} hint={words.setValueHint}>
        <input name="setValue" />
      </Field>
    </>
  );
}

const RuleFields = ({ words }: { words: Words }): VNode => (
  <>
    <Field label={words.wavePercents} hint={words.wavePercentsHint}>
      <input name="waves" value={usualWavePercents.join(', ')} />
    </Field>
    <Field label={words.waveHours}>
      <input name="waveHours" type="number" min={1} max={2160} required value={usualRolloutRules.waveHours} />
    </Field>
    {(['maxFailedPercent', 'maxExpiredPercent'] as const).map((name) => (
      <Field label={words[name]}>
        <input name={name} type="number" min={0} max={100} required value={usualRolloutRules[name]} />
      </Field>
    ))}
    <Field label={words.rolloutApproval}>
      <Select
        name="approval"
        value={usualRolloutRules.needsApproval}
        options={rolloutApprovals.map((one) => [one, words.rolloutApprovals[one]] as const)}
      />
    </Field>
  </>
);
