import type { DecidedConflict } from '../../shared/stores/pairs/pair-decision-store';
import type { Fields } from '../../shared/domain/merge-copy';
import type { GroupConflict } from '../../shared/systems/pair-settings';
import type { Compared, Entry } from '../pipeline/entry';
import type { DeletionLimit } from '../pipeline/middlewares/deletion-gate';
import { type Decision, type FieldGroup, plainHandlers, usualNames } from '../pipeline/policies';
import { sides } from '../pipeline/sides';
import type { TargetLinks } from '../pipeline/shared-words';
import type { Verdict } from '../pipeline/verdict';
import type { Rules } from '../pipeline/stages';
import { signatureOf } from '../pipeline/approval';
import { restoredOf } from './take-back';
import { mergedValues } from './merge-values';
import { documentRules } from './document-rules';
import type { PairJob } from './words';
import type { WorkedSettings } from './worked-settings';
import { announcedOf, writeBackOf } from './write-back';

/** What a slice adds to the settings of its pair. */
export interface RuleParts {
  readonly linkTargets: Readonly<Record<string, TargetLinks>>;
  /** The job of an entry. */
  readonly jobOf: (entry: Entry) => PairJob | undefined;
  readonly decisionOf: (entry: Entry) => DecidedConflict | undefined;
  /** The number of deletions of the last hours and of those that wait. */
  readonly recentDeletions: () => Promise<number>;
  readonly liveLinks: () => Promise<number>;
  /** How many changes the run of an entry may make without an approval from now on, by this slice. */
  readonly changesLeft: (entry: Entry) => number | Promise<number>;
  readonly recentVersions: (entry: Entry) => Promise<readonly Fields[]>;
}

/** The rules of a pair in the form that the engine needs. */
export function rulesOf(settings: WorkedSettings, parts: RuleParts): Rules {
  const rules = commonRules(settings, parts);
  return settings.documents === null
    ? rules
    : { ...rules, ...documentRules(settings.documents, rules.fieldGroups) };
}

function commonRules(settings: WorkedSettings, parts: RuleParts): Rules {
  const linkFields = linkFieldsOf(settings);
  const isSigned = (entry: Entry) => {
    const job = parts.jobOf(entry);
    const wasApproved = job?.approvalState === 'approved' || job?.source === 'plan';
    return wasApproved && job.signature === signatureOf(entry, linkFields);
  };
  return {
    matchFields: matchFieldsOf(settings),
    linkFields,
    linkTargets: parts.linkTargets,
    prototype: settings.fields.map(({ name }) => name),
    entries: changeLimit(settings, parts),
    size: { limit: null, each: null, sizeOf: () => 0 },
    deletions: deletionLimit(settings, parts),
    flips: {
      recentVersions: (entry) =>
        parts.decisionOf(entry) === undefined && (parts.jobOf(entry)?.wanted ?? null) === null
          ? parts.recentVersions(entry)
          : Promise.resolve([]),
      flips: 3,
    },
    writeBack: { here: writeBackOf(settings, 'here'), there: writeBackOf(settings, 'there') },
    announced: { here: announcedOf(settings, 'here'), there: announcedOf(settings, 'there') },
    isApproved: isSigned,
    lead: null,
    policy: 'manual',
    fieldGroups: groupsOf(settings),
    handlers: plainHandlers(() => 'nobody'),
    onUnhandled: () => undefined,
    initial: settings.match.initial,
    deletionPolicies: {
      unchanged: { here: settings.deletions.here, there: settings.deletions.there },
      againstChange: settings.deletions.againstChange,
    },
    wanted: (entry) => {
      const job = parts.jobOf(entry);
      if (job === undefined || job.wanted === null) return null;
      return restoredOf(settings, job.wanted, entry.states, job.approvalState === 'rejected');
    },
    isKept: (entry) => parts.jobOf(entry)?.approvalState === 'rejected',
    flows: flowsOf(settings),
    parks: 'fields',
    namePolicies: usualNames,
    reopened: (entry) => fieldsOfFlip(parts.decisionOf(entry), entry),
    decided: (entry, disputed) => decisionAbout(parts.decisionOf(entry), entry, disputed),
  };
}

/** Shared names of the fields whose value is the key of another item. */
export const linkFieldsOf = ({ fields }: WorkedSettings): string[] =>
  fields.flatMap(({ name, link }) => (link === null ? [] : [name]));

/** The settings may use the name of either side. */
const matchFieldsOf = ({ match, fields }: WorkedSettings): string[] =>
  match.by.flatMap((written) => {
    const rule =
      fields.find(({ name }) => name === written) ??
      fields.find(({ here, there }) => here === written || there === written);
    return rule === undefined ? [] : [rule.name];
  });

const flowsOf = ({ fields }: WorkedSettings): Rules['flows'] =>
  Object.fromEntries(fields.flatMap(({ name, flows }) => (flows === 'both' ? [] : [[name, flows]])));

function groupsOf({ fields, groups }: WorkedSettings): FieldGroup[] {
  const names = [...new Set(fields.map(({ group }) => group))];
  return names.map((group) =>
    groupOf(
      fields.filter((rule) => rule.group === group).map(({ name }) => name),
      groups[group]?.conflict ?? 'manual',
    ),
  );
}

function groupOf(fields: readonly string[], conflict: GroupConflict): FieldGroup {
  if (typeof conflict === 'string') return { fields, policy: conflict };
  return {
    fields,
    policy: 'merge',
    handler: (_, disputed) => mergedValues(conflict.merge, disputed),
  };
}

function deletionLimit(
  { limits: { deletions } }: WorkedSettings,
  { recentDeletions, liveLinks }: RuleParts,
): DeletionLimit {
  return {
    kind: deletions.above === 'skip' ? 'hard' : 'soft',
    count: deletions.count,
    share: deletions.share,
    emptiedFrom: deletions.emptiedFrom,
    total: liveLinks,
    recent: recentDeletions,
  };
}

function changeLimit({ limits }: WorkedSettings, parts: RuleParts): Rules['entries'] {
  const changes = limits.entries ?? limits.changes;
  return {
    kind: changes?.above === 'skip' ? 'hard' : 'soft',
    allowed: parts.changesLeft,
    groupOf: (entry) => parts.jobOf(entry)?.runId ?? '',
    counts: ({ verdict }) => verdict === undefined || !writesNothing.has(verdict),
    // A planned change is made exactly as planned, or not at all.
    standing: (entry) => {
      const job = parts.jobOf(entry);
      if (job?.source === 'plan' && job.signature !== null) return 'waiting';
      return changes === undefined || job?.source !== 'listing' ? 'exempt' : 'counted';
    },
  };
}

/** Verdicts of entries to which nothing was written. */
const writesNothing: ReadonlySet<Verdict> = new Set<Verdict>(['unchanged', 'agreed', 'duplicate']);

/** A decision only applies to the revisions that the person saw. */
function decisionAbout(
  decided: DecidedConflict | undefined,
  entry: Compared,
  disputed: readonly string[],
): Decision | null {
  if (decided === undefined || !isAsItWas(decided, entry)) return null;
  const choice = choiceOf(decided.decision);
  if (choice === null || typeof choice === 'string') return choice;
  const values = Object.fromEntries(Object.entries(choice).filter(([name]) => disputed.includes(name)));
  return Object.keys(values).length > 0 ? { values } : null;
}

/**
 * A field that went back and forth was changed by one side only. Without the decision, that change would simply win.
 */
const fieldsOfFlip = (decided: DecidedConflict | undefined, entry: Compared): readonly string[] =>
  decided?.kind === 'flip' && isAsItWas(decided, entry) ? decided.fields : [];

const isAsItWas = ({ lookedAt }: DecidedConflict, { items }: Compared): boolean =>
  sides.every((side) => {
    const [then, now] = [lookedAt[side], items[side]];
    if (then?.isThere !== true) return now?.isActive !== true;
    return now?.isActive === true && now.revision === then.revision;
  });

/** `{choice: 'here' | 'there' | {fields: {name: value}}}`. */
function choiceOf(decision: DecidedConflict['decision']): 'here' | 'there' | Fields | null {
  const { choice } = decision;
  if (choice === undefined || typeof choice === 'string') return choice ?? null;
  return choice.fields;
}
