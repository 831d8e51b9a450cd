import type { Stages } from './executor';
import type { Limit } from './limit';
import type { Mappings, PerSide, Side } from './mappings';
import { automap, type AutomapSettings } from './middlewares/automap';
import { classify, type ClassifySettings } from './middlewares/classify';
import { deduplicate, type DeduplicateSettings } from './middlewares/deduplicate';
import { deletionGate, type DeletionLimit } from './middlewares/deletion-gate';
import { entryLimit } from './middlewares/entry-limit';
import { execute } from './middlewares/execute';
import { findDifferences } from './middlewares/find-differences';
import { keepFullFolders } from './middlewares/keep-full-folders';
import { quarantineFlips, type QuarantineFlipsSettings } from './middlewares/quarantine-flips';
import { resolveConflicts, type ResolveConflictsSettings } from './middlewares/resolve-conflicts';
import { resolveLinked } from './middlewares/resolve-linked';
import { sizeLimit, type SizeLimitSettings } from './middlewares/size-limit';
import type { System } from './system';

export interface StageSettings
  extends AutomapSettings, DeduplicateSettings, ClassifySettings, ResolveConflictsSettings {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** Fields whose value is the key of another item. */
  readonly links: readonly string[];
  /** The fields that are synchronised; null: all. */
  readonly prototype: readonly string[] | null;
  readonly entries: Limit | null;
  readonly size: SizeLimitSettings;
  readonly deletions: DeletionLimit | null;
  readonly flips: QuarantineFlipsSettings;
  /** The only side that is edited; null: both are. */
  readonly lead: Side | null;
  /** Signatures of what someone approved. */
  readonly approved: ReadonlySet<string>;
}

/** The order of the steps. It is written nowhere else. */
export function standardStages(settings: StageSettings): Stages {
  return {
    change: {
      automap: automap(settings),
      resolveLinked: resolveLinked(settings),
      deduplicate: deduplicate(settings),
      entryLimit: entryLimit(settings.entries),
      sizeLimit: sizeLimit(settings.size),
      classify: classify(settings),
      findDifferences: findDifferences(settings),
      resolveConflicts: resolveConflicts(settings),
      quarantineFlips: quarantineFlips(settings.flips),
      execute: execute({ ...settings, destroys: false }),
    },
    deletion: (destructive, unfinished) => ({
      deletionGate: deletionGate({ ...settings, limit: settings.deletions, destructive }),
      keepFullFolders: keepFullFolders({ ...settings, unfinished }),
      execute: execute({ ...settings, destroys: true }),
    }),
  };
}
