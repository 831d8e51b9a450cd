import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import { flatState, statesOf } from '../../../shared/formats/link-state';
import type {
  DocumentVersion,
  LinkDeskStore,
  LinkView,
  LinkEventView,
  LinkJobView,
} from '../../../shared/stores/pairs/link-desk-store';
import type { Json } from '../../../shared/systems/references';
import type { PairConfigStore, PairEntry } from '../../../shared/stores/pairs/pair-config-store';
import type { PairConflict, PairInboxStore } from '../../../shared/stores/pairs/pair-inbox-store';
import type { PairRunRequestStore } from '../../../shared/stores/pairs/pair-run-request-store';
import type { SystemState, SystemStore } from '../../../shared/stores/pairs/system-store';
import { pathOr, pathsOf, withFolderPaths } from './folder-names';
import { type ComparedField, compareFields, type Copies, type LinkSituation } from './link-differences';
import { pairSettings } from './pairs';

/** The situation of two linked records: their values, the differences, and their history. */
export interface LinkStory {
  readonly pair: PairEntry;
  readonly link: LinkView;
  readonly standing: LinkSituation;
  /** Names of the systems that make no calls just now. */
  readonly stoppedSystems: readonly string[];
  /** The newest work about it; null: there is none any more. */
  readonly job: LinkJobView | null;
  /** The conflict that someone has to decide or has just decided. Null: there is none. */
  readonly conflict: PairConflict | null;
  readonly fields: readonly ComparedField[];
  /** Whether each side has the record, as far as is known. */
  readonly holds: { readonly here: boolean; readonly there: boolean };
  /** The newest first. */
  readonly events: readonly LinkEventView[];
  /** Of a document: the contents that it has had, the newest first. */
  readonly versions: readonly DocumentVersion[];
  /** Of a document: what each side holds, {here, there} of {bytes, hash}. */
  readonly contents: Json;
}

/** Work on a record that is linked with none. */
export interface JobStory {
  readonly pair: PairEntry;
  readonly job: LinkJobView;
  readonly events: readonly LinkEventView[];
}

interface Stores {
  readonly linkDesk: Pick<
    LinkDeskStore,
    'find' | 'findJob' | 'events' | 'eventsOfItem' | 'newestJob' | 'folderPaths' | 'versions' | 'contents'
  >;
  readonly pairConfigs: Pick<PairConfigStore, 'findById'>;
  readonly pairInbox: Pick<PairInboxStore, 'conflictOfLink'>;
  readonly pairRunRequests: Pick<PairRunRequestStore, 'fieldsKept'>;
  readonly systems: Pick<SystemStore, 'findById'>;
}

const shownEvents = 50;

export type LinkStoryService = ReturnType<typeof createLinkStoryService>;

export function createLinkStoryService({ stores }: { readonly stores: Stores }) {
  return {
    /** Throws `not-found`. */
    async ofLink(caller: Caller, id: string): Promise<LinkStory> {
      const link = await stores.linkDesk.find(id);
      const pair = link === null ? null : await stores.pairConfigs.findById(caller.accounts, link.pairId);
      if (link === null || pair === null) throw notFound('link');
      const { holds, fields: rules } = pairSettings(pair);
      const isDocument = holds === 'documents';
      const [job, events, conflict, kept, stoppedSystems, versions, contents] = await Promise.all([
        stores.linkDesk.newestJob(id),
        stores.linkDesk.events(id, shownEvents),
        stores.pairInbox.conflictOfLink(caller.accounts, id),
        stores.pairRunRequests.fieldsKept(pair.id),
        stoppedOf(pair),
        isDocument ? stores.linkDesk.versions(id, shownEvents) : [],
        isDocument ? stores.linkDesk.contents(id) : null,
      ]);
      const standing = standingOf({
        pair,
        link,
        job,
        conflict,
        isSystemStopped: stoppedSystems.length > 0,
      });
      const settled = { here: flatState(link.here?.seen), there: flatState(link.there?.seen) };
      const now = withoutDeleted(link, presentCopies({ job, conflict, events, settled }));
      const fields = compareFields({
        rules,
        areDocuments: holds === 'documents',
        now,
        settled,
        kept,
        disputed: conflict === null ? [] : disputedFields(conflict),
        standing,
      });
      const present = { here: now.here !== null, there: now.there !== null };
      const shown = holds === 'documents' ? await withFolders(fields) : fields;
      const [shownConflict = null] =
        conflict === null ? [] : await withFolderPaths(stores.linkDesk, [conflict]);
      return {
        pair,
        link,
        standing,
        stoppedSystems,
        job,
        conflict: shownConflict,
        fields: shown,
        holds: present,
        events,
        versions,
        contents,
      };
    },

    /** Throws `not-found`. */
    async ofJob(caller: Caller, id: string): Promise<JobStory> {
      const job = await stores.linkDesk.findJob(id);
      const pair = job === null ? null : await stores.pairConfigs.findById(caller.accounts, job.pairId);
      if (job === null || pair === null) throw notFound('job');
      const events = await stores.linkDesk.eventsOfItem(pair.id, job, shownEvents);
      return { pair, job, events };
    },
  };

  /** A copy names its folder by the link of the folder; people know it by its path. */
  async function withFolders(fields: readonly ComparedField[]): Promise<ComparedField[]> {
    const parents = fields.filter(({ field }) => field === 'parent');
    const values = parents.flatMap(({ here, there }) => [here.now, here.settled, there.now, there.settled]);
    const paths = await pathsOf(stores.linkDesk, values);
    const named = (value: ComparedField['here']): ComparedField['here'] => ({
      ...value,
      now: pathOr(value.now, paths),
      settled: pathOr(value.settled, paths),
    });
    return fields.map((field) =>
      field.field === 'parent' ? { ...field, here: named(field.here), there: named(field.there) } : field,
    );
  }

  async function stoppedOf({ here, there }: PairEntry): Promise<string[]> {
    const stopped: readonly SystemState[] = ['paused', 'throttled'];
    const found = await Promise.all([stores.systems.findById(here.id), stores.systems.findById(there.id)]);
    return found.flatMap((system) =>
      system !== null && stopped.includes(system.state) ? [system.name] : [],
    );
  }
}

interface Circumstances {
  readonly pair: PairEntry;
  readonly link: LinkView;
  readonly job: LinkJobView | null;
  readonly conflict: PairConflict | null;
  readonly isSystemStopped: boolean;
}

/** The reason nearest to the cause comes first. */
function standingOf({ pair, link, job, conflict, isSystemStopped }: Circumstances): LinkSituation {
  if (link.state === 'gone') return 'gone';
  if (conflict !== null) {
    if (conflict.state === 'decided') return 'decided';
    return conflict.kind === 'flip' ? 'flip' : 'conflict';
  }
  const byJob = job === null ? null : standingOfJob(job);
  if (byJob === 'given-up' || byJob === 'approval' || byJob === 'waiting') return byJob;
  const isOpen = byJob !== null || link.isUnsettled || link.state === 'creating';
  if (isOpen && isSystemStopped) return 'system-paused';
  if (pair.pausedAt !== null) return 'pair-paused';
  if (pair.mode !== 'run') return pair.mode === 'plan' ? 'planned' : 'off';
  if (byJob === 'failed') return byJob;
  if (link.isUnsettled) return 'unsettled';
  if (isOpen) return 'under-way';
  return link.state === 'deleted-here' || link.state === 'deleted-there' ? 'deleted' : 'settled';
}

/** Null: it is over. */
function standingOfJob({ state }: LinkJobView): LinkSituation | null {
  switch (state) {
    case 'held':
      return 'approval';
    case 'waiting':
    case 'failed':
    case 'given-up':
      return state;
    case 'new':
    case 'running':
      return 'under-way';
    case 'done':
    case 'skipped':
      return null;
  }
}

interface Sights {
  readonly job: LinkJobView | null;
  readonly conflict: PairConflict | null;
  readonly events: readonly LinkEventView[];
  readonly settled: Copies;
}

/** The values of each side at the last look. They are newer than the settled values if that look changed nothing. */
function presentCopies({ job, conflict, events, settled }: Sights): Copies {
  if (conflict !== null) return copiesInConflict(conflict, settled);
  if (job === null || job.state === 'done' || job.state === 'skipped') return settled;
  const looked = events.find(({ before }) => before !== null);
  if (looked === undefined || looked.kind === 'sync') return settled;
  return statesOf(looked.before) ?? settled;
}

/** A side that deleted the record has no copy, whatever its last known values. */
const withoutDeleted = ({ state }: LinkView, { here, there }: Copies): Copies => ({
  here: state === 'deleted-here' ? null : here,
  there: state === 'deleted-there' ? null : there,
});

/** Undisputed fields were written when the conflict was found, so their settled values are newer. */
function copiesInConflict(conflict: PairConflict, settled: Copies): Copies {
  const found = { here: flatState(conflict.here), there: flatState(conflict.there) };
  const disputed = disputedFields(conflict);
  if (disputed.length === 0) return found;
  const of = (side: 'here' | 'there') => {
    const [looked, known] = [found[side], settled[side]];
    if (looked === null || known === null) return looked;
    return { ...known, ...Object.fromEntries(disputed.map((name) => [name, looked[name] ?? null])) };
  };
  return { here: of('here'), there: of('there') };
}

/** A place is a name in a folder. */
const disputedFields = ({ fields }: PairConflict): string[] =>
  fields.flatMap((name) => (name === 'place' ? ['name', 'parent'] : [name]));
