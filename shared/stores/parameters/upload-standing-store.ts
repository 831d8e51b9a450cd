import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import { maxFailures } from '../../domain/failed-instruction';
import type { Flag } from '../../domain/flag';
import type { SolutionClock } from '../../domain/successor';

/** Facts that decide how far the parameters of an upload can be trusted. */
export interface UploadStanding {
  readonly clock: SolutionClock;
  /** It is the first one with parameters since staff made the solution forget its device. */
  readonly isFirstOfDevice: boolean;
  /** Staff process it again, so it says nothing about the current device of the solution. */
  readonly isReplay: boolean;
  /** All flags that are set on the channel, for whichever sync. */
  readonly setFlags: readonly Flag[];
  /** Names inside the package of the classes alone that are being replaced so, e.g. `xml/Fridges-r.xml`. */
  readonly replacedFiles: ReadonlySet<string>;
}

interface Row {
  clock_skew_seconds: number | null;
  received_at: Date;
  is_first: boolean;
  set_flags: Flag[] | null;
  replaced_files: string[] | null;
  is_replay: boolean;
  is_mended: boolean;
}

export function createUploadStandingStore(db: Db) {
  return {
    async ofSync(syncId: string): Promise<UploadStanding> {
      const [row] = await readStanding(db, { syncId, maxFailures });
      if (row === undefined) throw new Error(`there is no sync ${syncId}`);
      const clock = { skewSeconds: row.clock_skew_seconds, receivedAt: row.received_at };
      const { is_replay: isReplay } = row;
      // A replay that staff started is their decision, whatever device the solution has now.
      if (row.is_mended)
        return { clock, isReplay, isFirstOfDevice: false, setFlags: [], replacedFiles: new Set() };
      return {
        clock,
        isReplay,
        isFirstOfDevice: row.is_first,
        setFlags: row.set_flags ?? [],
        replacedFiles: new Set(row.replaced_files),
      };
    },
  };
}

const readStanding = prepared<Row, { readonly syncId: string; readonly maxFailures: number }>(
  'read_standing',
  `select s.clock_skew_seconds, y.received_at, coalesce(s.mac_forgotten_at <= y.received_at, false) as is_first,
           (select array_agg(f.flag) from solution_flag f
             where f.solution_id = s.id and f.channel = y.channel) as set_flags,
           (select array_agg(d.file) from replacement_due d where d.solution_id = s.id and d.channel = y.channel
             and d.from_manager and d.failures < :maxFailures) as replaced_files,
           exists (select from sync_event e where e.sync_id = y.id and e.step = 'replay') as is_replay,
           exists (select from sync_event e where e.sync_id = y.id and e.step = 'replay'
             and e.detail like 'of quarantine %') as is_mended
         from sync y join solution s on s.id = y.solution_id where y.id = :syncId`,
);
