import type { Db } from '../../db/database';
import type { MergeConflict } from '../../domain/merge';
import type { Copy, Fields } from '../../domain/merge-copy';

/** A field, or a whole entity, that both sides changed differently. */
export interface FoundConflict {
  readonly idServer: string;
  readonly entityId: string;
  /** On what both sides last agreed; null: they never did. */
  readonly base: Fields | null;
  readonly manager: Copy;
  readonly solution: Copy & {
    readonly digest: Buffer;
    /** The solution's clock at its change, as it was sent. */
    readonly ts: string | null;
  };
  readonly conflict: MergeConflict;
}

/** Conflicts as syncs open and close them. The decisions of people are in conflict-store.ts. */
export function createFoundConflictStore(db: Db) {
  return {
    /** Keeps both copies. One that is parked stays open: the same again, in a later sync, renews it. */
    async record(
      key: { readonly solutionId: number; readonly className: string },
      syncId: string,
      found: readonly FoundConflict[],
    ): Promise<void> {
      if (found.length === 0) return;
      await db.raw(
        `insert into conflict (solution_id, class, sync_id, id_server, entity_id, base_fields, manager_fields,
           manager_active, solution_fields, solution_active, solution_digest, solution_ts, fields, state, resolution)
         select :solutionId, :className, :syncId, id_server, entity_id, nullif(base_fields, 'null'), manager_fields,
           manager_active, solution_fields, solution_active, solution_digest, solution_ts, fields,
           case when resolution is null then 'open' else 'resolved' end, resolution
         from jsonb_to_recordset(cast(:rows as jsonb)) as found (id_server bigint, entity_id text, base_fields jsonb,
           manager_fields jsonb, manager_active boolean, solution_fields jsonb, solution_active boolean,
           solution_digest bytea, solution_ts text, fields text[], resolution text)
         on conflict (id_server) where state = 'open' do update set sync_id = excluded.sync_id,
           base_fields = excluded.base_fields, manager_fields = excluded.manager_fields,
           manager_active = excluded.manager_active, solution_fields = excluded.solution_fields,
           solution_active = excluded.solution_active, solution_digest = excluded.solution_digest,
           solution_ts = excluded.solution_ts, fields = excluded.fields
           where (conflict.solution_digest, conflict.fields, conflict.manager_fields, conflict.manager_active)
             is distinct from
             (excluded.solution_digest, excluded.fields, excluded.manager_fields, excluded.manager_active)`,
        { ...key, syncId, rows: JSON.stringify(found.map(rowOf)) },
      );
    },

    /** The sides agreed, or the policy decided, before anyone did. */
    async supersede(idServers: readonly string[]): Promise<void> {
      if (idServers.length === 0) return;
      await db.raw(
        `update conflict set state = 'superseded', decided_at = now()
         where state = 'open' and id_server = any(cast(? as bigint[]))`,
        [[...idServers]],
      );
    },
  };
}

const rowOf = ({ idServer, entityId, base, manager, solution, conflict }: FoundConflict) => ({
  id_server: idServer,
  entity_id: entityId,
  base_fields: base,
  manager_fields: manager.fields,
  manager_active: manager.isActive,
  solution_fields: solution.fields,
  solution_active: solution.isActive,
  solution_digest: `\\x${solution.digest.toString('hex')}`,
  solution_ts: solution.ts,
  fields: conflict.fields,
  resolution: conflict.resolution,
});
