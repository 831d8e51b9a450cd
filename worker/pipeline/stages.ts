import type { Fields } from '../../shared/domain/merge-copy';
import type { Calls } from './calls';
import type { Compared, Decided, Entry, Mentioned } from './entry';
import type { Limit } from './limit';
import { type KnownLinks } from './links';
import { type PerSide, perSide, type Side } from './sides';
import { automap } from './middlewares/automap';
import { classify } from './middlewares/classify';
import { compareContent } from './middlewares/compare-content';
import { deduplicate, type DeduplicateSettings } from './middlewares/deduplicate';
import { deletionGate, type DeletionLimit } from './middlewares/deletion-gate';
import { entryLimit } from './middlewares/entry-limit';
import { execute, type WriteBack } from './middlewares/execute';
import { findDifferences } from './middlewares/find-differences';
import { giveWay } from './middlewares/give-way';
import { keepFullFolders } from './middlewares/keep-full-folders';
import { quarantineFlips, type QuarantineFlipsSettings } from './middlewares/quarantine-flips';
import { resolveConflicts } from './middlewares/resolve-conflicts';
import { resolveLinked } from './middlewares/resolve-linked';
import { settleIntent } from './middlewares/settle-intent';
import { sizeLimit, type SizeLimitSettings } from './middlewares/size-limit';
import { createPipeline, type Pipeline } from './pipeline';
import type { ResolveConflictsSettings } from './policies';
import type { TargetLinks, Words } from './shared-words';
import type { Item } from './system';

/** The rules by which two systems are kept equal. */
export interface Rules extends Omit<ResolveConflictsSettings, 'names'> {
  /** Items that are alike in all of these are one entity. None: only keys and places tell. */
  readonly matchFields: readonly string[];
  /** Fields whose value is the key of another item. */
  readonly linkFields: readonly string[];
  /** Of those whose items are kept equal elsewhere. */
  readonly linkTargets?: Readonly<Record<string, TargetLinks>>;
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
  readonly entries: Limit | null;
  readonly size: SizeLimitSettings;
  readonly deletions: DeletionLimit | null;
  readonly flips: QuarantineFlipsSettings;
  readonly writeBack: PerSide<WriteBack | null>;
  /** What each side is told before an entity is worked on. Null, or left out: nothing. */
  readonly announced?: PerSide<Fields | null>;
  /** Someone approved exactly that. */
  readonly isApproved: (entry: Entry) => boolean;
}

/** Further parts of a run. */
export interface RunParts extends DeduplicateSettings {
  readonly systems: PerSide<Calls>;
  readonly links: KnownLinks;
  readonly signal: AbortSignal;
  readonly mentioned: (side: Side, key: string) => Item | undefined;
  readonly noticed: (side: Side, key: string, item: Item | null) => void;
  readonly wanting: (linkId: string) => Entry | undefined;
}

/** What is done in which order. */
export interface Stages {
  readonly change: Pipeline<Mentioned, Decided>;
  /**
   * `destructive`: all entries that the stage would delete; `unfinished`: the entries that the first stage did not
   * finish.
   */
  readonly deletion: (
    destructive: readonly Decided[],
    unfinished: readonly Entry[],
  ) => Pipeline<Decided, Decided>;
}

/** The order of the steps, which is only defined here. */
export function standardStages(rules: Rules, run: RunParts): Stages {
  const { systems, links } = run;
  const words: Words = {
    links,
    linkFields: rules.linkFields,
    targets: rules.linkTargets ?? {},
    prototype: rules.prototype,
  };
  const names = perSide((side) => systems[side].capabilities.tree);
  const writing = { ...rules, ...run, words };
  return {
    change: createPipeline<Mentioned>()
      .then('settleIntent', settleIntent({ systems, links, words, writeBack: rules.writeBack }))
      .then('automap', automap({ ...run, matchFields: rules.matchFields }))
      .then('resolveLinked', resolveLinked({ systems, words }))
      .then('deduplicate', deduplicate(run))
      .then('entryLimit', entryLimit(rules.entries))
      .then('sizeLimit', sizeLimit(rules.size))
      .then('compareContent', compareContent(run))
      .then('classify', classify({ lead: rules.lead, names }))
      .then('findDifferences', findDifferences(rules))
      .then('resolveConflicts', resolveConflicts({ ...rules, names }))
      .then('quarantineFlips', quarantineFlips(rules.flips))
      .then('giveWay', giveWay({ ...rules, ...run, words, winner: (entry) => winnerOf(rules, entry) }))
      .then('execute', execute({ ...writing, destroys: false })),
    deletion: (destructive, unfinished) =>
      createPipeline<Decided>()
        .then('deletionGate', deletionGate({ ...rules, limit: rules.deletions, destructive }))
        .then('keepFullFolders', keepFullFolders({ systems, links, unfinished }))
        .then('execute', execute({ ...writing, destroys: true })),
  };
}

/** Where two want one name, the policy of places says whose stays. */
function winnerOf({ fieldGroups, policy, handlers }: Rules, entry: Compared): Side {
  const group = fieldGroups.find(({ fields }) => fields.includes('place'));
  const handler = group?.handler ?? handlers[group?.policy ?? policy];
  return handler?.(entry, []) === 'there' ? 'there' : 'here';
}
