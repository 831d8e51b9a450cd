import { z } from 'zod';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import {
  alreadyDecided,
  alreadyExists,
  invalidFields,
  linkUnsettled,
  notFound,
  staleVersion,
} from '../../../shared/errors/catalog';
import { candidatesOf } from '../../../shared/formats/conflict-candidates';
import type {
  HeldCounts,
  HeldFolder,
  HeldKind,
  HeldLine,
  HeldWorkStore,
} from '../../../shared/stores/pairs/held-work-store';
import type { LinkDeskStore } from '../../../shared/stores/pairs/link-desk-store';
import type { LinkHintStore } from '../../../shared/stores/pairs/link-hint-store';
import type { PairSliceJobStore } from '../../../shared/stores/jobs/pair-slice-job-store';
import type { PairConfigStore } from '../../../shared/stores/pairs/pair-config-store';
import type {
  PairApproval,
  PairApprovalState,
  PairConflict,
  PairConflictState,
  PairInboxStore,
} from '../../../shared/stores/pairs/pair-inbox-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Json } from '../../../shared/systems/references';
import { withFolderPaths } from './folder-names';
import { foundPair } from './pairs';
import { needEditor } from './rights';
import { auditEntry } from './trail';

/**
 * The side whose values win, or new values. For `match`: the key of the candidate on the other side that is the same
 * entity as the examined one.
 */
export type PairChoice =
  'here' | 'there' | { readonly fields: Readonly<Record<string, unknown>> } | { readonly candidate: string };

/** `folder`: the path of a folder or document, with all that lies below it; `kind`: all of that kind. Neither: all. */
export interface ApprovalChoice {
  readonly decision: 'approve' | 'reject';
  readonly folder?: string | undefined;
  readonly kind?: HeldKind | undefined;
}

/** The entries in one folder that wait for an approval. */
export interface HeldTree {
  readonly approval: PairApproval;
  /** All that waits, in every folder. */
  readonly counts: HeldCounts;
  readonly folders: Page<HeldFolder>;
  readonly lines: Page<HeldLine>;
}

/** `folder`: its path; empty: the root. */
export interface HeldTreeRequest {
  readonly folder: string;
  readonly folders: PageRequest<string>;
  readonly lines: PageRequest<string>;
}

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly heldWork: HeldWorkStore;
  readonly linkDesk: Pick<LinkDeskStore, 'find' | 'join' | 'part' | 'folderPaths'>;
  readonly linkHints: Pick<LinkHintStore, 'add'>;
  readonly pairConfigs: Pick<PairConfigStore, 'find'>;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
  readonly pairInbox: PairInboxStore;
}

export type PairInboxService = ReturnType<typeof createPairInboxService>;

/** The conflicts and approvals of pairs of systems. */
export function createPairInboxService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** `pair`: by name; null: all that the caller sees. Throws `not-found`. */
    async conflicts(
      caller: Caller,
      { pair, state }: { readonly pair: string | null; readonly state: PairConflictState | null },
      page: PageRequest<string>,
    ): Promise<Page<PairConflict>> {
      if (pair !== null) await foundPair(stores, caller, pair);
      const found = await stores.pairInbox.conflicts({ accounts: caller.accounts, pair, state }, page);
      return { ...found, items: await withFolderPaths(stores.linkDesk, found.items) };
    },

    /** Null: it is none of a pair, or may not be seen. */
    async findConflict(caller: Caller, id: string): Promise<PairConflict | null> {
      const found = await stores.pairInbox.conflict(caller.accounts, id);
      return found === null ? null : ((await withFolderPaths(stores.linkDesk, [found]))[0] ?? null);
    },

    /**
     * A worker carries it out at once. Throws `not-found`, `forbidden`, `stale`, `invalid-fields`, `already-decided`; of
     * a candidate `already-exists` where one of the two has another link, and `unsettled`.
     */
    decideConflict: (
      caller: Caller,
      id: string,
      { choice, ifRevision }: { readonly choice: PairChoice; readonly ifRevision: string | null },
    ): Promise<PairConflict> =>
      transaction(async (on) => {
        await on.pairInbox.lockConflict(id);
        const before = await on.pairInbox.conflict(caller.accounts, id);
        if (before === null) throw notFound('conflict');
        needEditor(caller);
        if (ifRevision !== null && before.state === 'open' && ifRevision !== before.revision)
          throw staleVersion(before.revision);
        const checked = checkedChoice(before, choice);
        await on.pairInbox.decideConflict(id, checked, caller.email);
        if (typeof choice === 'object' && 'candidate' in choice)
          await joinCandidate(on, before, choice.candidate, caller.email);
        await on.pairSliceJobs.askFor(before.pairId);
        const { pair, link, here, there } = before;
        const deed = { before: { id, pair, link, here, there }, after: { choice: checked } };
        await on.audit.add([auditEntry(caller, 'conflict.decide', deed)]);
        const after = await on.pairInbox.conflict(caller.accounts, id);
        if (after === null) throw notFound('conflict');
        return after;
      }),

    /** Throws `not-found`. */
    async approvals(
      caller: Caller,
      { pair, state }: { readonly pair: string | null; readonly state: PairApprovalState | null },
      page: PageRequest<string>,
    ): Promise<Page<PairApproval>> {
      if (pair !== null) await foundPair(stores, caller, pair);
      return stores.pairInbox.approvals({ accounts: caller.accounts, pair, state }, page);
    },

    /** Null: it is none of a pair, or may not be seen. */
    findApproval: (caller: Caller, id: string): Promise<PairApproval | null> =>
      stores.pairInbox.approval(caller.accounts, id),

    /** The waiting entries of a folder. Throws `not-found`. */
    async heldTree(
      caller: Caller,
      id: string,
      { folder, folders, lines }: HeldTreeRequest,
    ): Promise<HeldTree> {
      const approval = await stores.pairInbox.approval(caller.accounts, id);
      if (approval === null) throw notFound('approval');
      const { heldWork } = stores;
      return {
        approval,
        counts: await heldWork.counts(id),
        folders: await heldWork.folders(id, folder, folders),
        lines: await heldWork.lines(id, folder, lines),
      };
    },

    /**
     * A worker carries it out at once. A decision about a part becomes an approval of its own, and the rest still
     * waits. Throws `not-found`, also if nothing in that part waits, `forbidden`, `already-decided`.
     */
    decideApproval: (caller: Caller, id: string, choice: ApprovalChoice): Promise<PairApproval> =>
      transaction(async (on) => {
        const before = await on.pairInbox.approval(caller.accounts, id);
        if (before === null) throw notFound('approval');
        needEditor(caller);
        const decidedId = await decideOn(on, id, choice, caller.email);
        await on.pairSliceJobs.askFor(before.pairId);
        const { pair, kind, digest, entities } = before;
        const deed = { before: { id, pair, kind, digest, entities }, after: { ...choice } };
        await on.audit.add([auditEntry(caller, 'approval.decide', deed)]);
        const after = await on.pairInbox.approval(caller.accounts, decidedId);
        if (after === null) throw notFound('approval');
        return after;
      }),
  };
}

/** Returns the id of the approval that is decided now. */
async function decideOn(
  on: Stores,
  id: string,
  { decision, folder, kind }: ApprovalChoice,
  by: string,
): Promise<string> {
  if (folder !== undefined || kind !== undefined) {
    if (!(await on.pairInbox.lockOpenApproval(id))) throw alreadyDecided();
    const part = await on.heldWork.decidePart(
      id,
      { folder: folder ?? null, kind: kind ?? null },
      { decision, by },
    );
    if (part === null) throw notFound(folder === undefined ? 'waiting kind' : 'waiting folder');
    if (part !== 'whole') return part.id;
  }
  await on.pairInbox.decideApproval(id, decision, by);
  return id;
}

const values = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

/** New values only for what is in dispute: nobody has looked at the rest. */
function checkedChoice(conflict: PairConflict, choice: PairChoice): Json {
  if (typeof choice === 'string') return choice;
  if ('candidate' in choice) return checkedCandidate(conflict, choice.candidate);
  const { fields } = conflict;
  const given = values.safeParse(choice.fields);
  if (!given.success) throw invalidFields([{ field: 'choice.fields', fault: { code: 'not-a-value' } }]);
  const others = Object.keys(given.data).filter((name) => !fields.includes(name));
  if (others.length > 0 || Object.keys(given.data).length === 0)
    throw invalidFields([
      { field: `choice.fields.${others[0] ?? ''}`, fault: { code: 'none-of', choices: fields } },
    ]);
  return { fields: given.data };
}

function checkedCandidate(conflict: PairConflict, candidate: string): Json {
  const choices = conflict.kind === 'match' ? candidatesOf(conflict)[otherSide[conflict.side]] : [];
  if (!choices.includes(candidate))
    throw invalidFields([{ field: 'choice.candidate', fault: { code: 'none-of', choices } }]);
  return { candidate };
}

const otherSide = { here: 'there', there: 'here' } as const;

/** Links the two at once. All that could have been one of them is looked at again: some of it may have no rival now. */
async function joinCandidate(
  on: Stores,
  conflict: PairConflict,
  candidate: string,
  by: string,
): Promise<void> {
  const { id, pairId, side, key } = conflict;
  await removeHalfLink(on, conflict, by);
  const keys = side === 'here' ? { here: key, there: candidate } : { here: candidate, there: key };
  if ((await on.linkDesk.join(pairId, keys, by)) === null) throw alreadyExists('link');
  await on.pairInbox.markApplied(id);
  const candidates = candidatesOf(conflict);
  for (const one of ['here', 'there'] as const)
    await on.linkHints.add({ pairId, side: one, keys: candidates[one], source: 'api' });
}

/** The link of a record whose creation on the other side was refused as a duplicate: the chosen one takes its place. */
async function removeHalfLink(on: Stores, { link: id }: PairConflict, by: string): Promise<void> {
  const link = id === null ? null : await on.linkDesk.find(id);
  if (link === null || (link.here !== null && link.there !== null)) return;
  if (!(await on.linkDesk.part(link.id, by))) throw linkUnsettled();
}
