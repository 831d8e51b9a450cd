import type { StoreAccess } from '../../shared/stores/store-access';
import type { ChannelKey } from '../../shared/domain/channel';
import { type QuotaRefusal, quotaRefusalText, type Quotas } from '../../shared/domain/quota';
import type { AppError } from '../../shared/errors/app-error';
import { beyondQuota, quotaSpent } from '../../shared/errors/catalog';
import type {
  AccountHolding,
  AnnouncedUpload,
  QuotaStore,
  SolutionHolding,
} from '../../shared/stores/solutions/quota-store';
import type { ReceivedUpload, StatusStore } from '../../shared/stores/syncs/status-store';
import type { DiskReserve } from './disk-reserve';

interface Stores {
  readonly quotas: Pick<
    QuotaStore,
    | 'countBytes'
    | 'openUpload'
    | 'closeUploads'
    | 'closeUploadsOlderThan'
    | 'noteRefusal'
    | 'ofSolution'
    | 'accountOf'
    | 'ofAccount'
  >;
}

/** Those of the transaction in which a channel is claimed. */
interface ClaimStores {
  readonly statuses: Pick<StatusStore, 'claimWithinQuota'>;
}

interface Deps extends StoreAccess<Stores> {
  /** The limits of solutions without their own. */
  readonly standard: Quotas;
  readonly reserve: Pick<DiskReserve, 'refusalFor'>;
}

export type QuotaService = ReturnType<typeof createQuotaService>;

/**
 * Decides whether a solution may send something now. A refusal names the limit, how much of it is used, and when to try
 * again. Source: ePack V4, POST /v4/{channel}/datas.
 */
export function createQuotaService({ stores, transaction, standard, reserve }: Deps) {
  return {
    /** Call it before a byte of an upload is accepted. Throws `too-many-requests` while the disk is in its reserve. */
    async needRoomOnDisk(solutionId: number): Promise<void> {
      const refusal = await reserve.refusalFor(solutionId);
      if (refusal !== null) await refuse(solutionId, refusal);
    },

    /**
     * Takes the channel and counts the upload, in the transaction of its caller. Returns the revision of the status; null:
     * the channel is not free. Throws `too-many-requests` or `too-large` beyond a bound: then the transaction must be given up.
     */
    async claim(
      { statuses }: ClaimStores,
      key: ChannelKey,
      upload: ReceivedUpload,
      announcedBytes: number | null,
    ): Promise<number | null> {
      const bytes = announcedBytes ?? 0;
      const outcome = await statuses.claimWithinQuota(key, upload, { bytes, standard });
      if (outcome === 'beyond-quota') throw new BeyondQuota({ syncsPerDay: 1, bytesPerDay: bytes });
      return outcome === 'busy' ? null : outcome;
    },

    /** Counts an upload that came without its length. Throws `too-many-requests`, `too-large`. */
    async countUnannounced(solutionId: number, bytes: number): Promise<void> {
      if (await stores.quotas.countBytes(solutionId, bytes, standard)) return;
      await refuse(solutionId, await refusalOf(solutionId, { bytesPerDay: bytes }));
    },

    /** Throws `too-many-requests`, `too-large`. */
    async openUpload(upload: AnnouncedUpload): Promise<void> {
      const isOpen = await transaction((stores) => stores.quotas.openUpload(upload, standard));
      if (isOpen) return;
      const asked = { openUploads: 1, openUploadBytes: upload.bytes };
      await refuse(upload.solutionId, await refusalOf(upload.solutionId, asked));
    },

    closeUploads: (ids: readonly string[]): Promise<void> => stores.quotas.closeUploads(ids),

    closeUploadsOlderThan: (seconds: number): Promise<void> => stores.quotas.closeUploadsOlderThan(seconds),

    /** Translates an error: if a limit was exceeded in the transaction, which has ended now, throws its refusal. */
    async told(solutionId: number, error: unknown): Promise<never> {
      if (error instanceof BeyondQuota) await refuse(solutionId, await refusalOf(solutionId, error.asked));
      throw error;
    },
  };

  async function refuse(solutionId: number, refusal: QuotaRefusal): Promise<never> {
    await stores.quotas.noteRefusal(solutionId, refusal);
    throw errorOf(refusal);
  }

  /** Finds the limit that was exceeded. If it is no longer exceeded, the nearest limit is named. */
  async function refusalOf(solutionId: number, asked: Asked): Promise<QuotaRefusal> {
    const { quotas } = stores;
    const solution = await quotas.ofSolution(solutionId);
    const accountId = await quotas.accountOf(solutionId);
    const account = accountId === null ? null : await quotas.ofAccount(accountId);
    const bounds = [
      ...(solution === null ? [] : boundsOf('solution', solution, asked, standard)),
      ...(account === null ? [] : boundsOf('account', account, asked, null)),
    ];
    const met = bounds.find(({ limit, used, wanted }) => used + wanted > limit) ?? bounds[0];
    if (met === undefined) throw new Error(`solution ${solutionId} has no bounds`);
    const { wanted, until, ...refusal } = met;
    return { ...refusal, until: wanted > refusal.limit ? null : until };
  }
}

/** 429 with the time when it may be asked again, or 413. The codes are those that every solution knows. */
function errorOf(refusal: QuotaRefusal): AppError {
  const { quota, of, limit, used, until } = refusal;
  const members = { quota, of, limit, used, until: until?.toISOString() ?? null };
  const detail = quotaRefusalText(refusal);
  if (until === null) return beyondQuota(detail, members);
  return quotaSpent(detail, members, Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000)));
}

/** How much is requested of which limit. */
type Asked = Readonly<Partial<Record<AskedName, number>>>;
type AskedName = 'syncsPerDay' | 'bytesPerDay' | 'openUploads' | 'openUploadBytes';
const askedNames: readonly AskedName[] = ['bytesPerDay', 'syncsPerDay', 'openUploadBytes', 'openUploads'];

interface Bound extends QuotaRefusal {
  readonly wanted: number;
}

/** Ends the transaction in which a limit was exceeded. The limit is found afterwards. */
class BeyondQuota extends Error {
  constructor(readonly asked: Asked) {
    super('a quota has no room');
  }
}

/** An upload that is not finished is removed a day after it was begun; most are finished within minutes. */
const openUploadsRetrySeconds = 600;

function boundsOf(
  of: 'solution' | 'account',
  { own, used, dayEndsAt }: SolutionHolding | AccountHolding,
  asked: Asked,
  standard: Quotas | null,
): Bound[] {
  return askedNames.flatMap((quota) => {
    const limit = own[quota] ?? standard?.[quota];
    const wanted = asked[quota];
    if (limit === undefined || wanted === undefined) return [];
    const isOfDay = quota === 'syncsPerDay' || quota === 'bytesPerDay';
    const soon = new Date(Date.now() + (isOfDay ? 1 : openUploadsRetrySeconds) * 1000);
    return [{ quota, of, limit, used: used[quota], until: isOfDay ? (dayEndsAt ?? soon) : soon, wanted }];
  });
}
