import type { Db } from '../../db/database';
import type { KeptFieldType } from '../../domain/kept-field-type';
import type { EndSide } from '../../domain/link-ends';

/** One side of a pair, for whoever probes its system. */
export interface ProbedEnd {
  readonly pairId: number;
  readonly pair: string;
  readonly side: EndSide;
  readonly config: unknown;
  readonly configVersion: number;
  /** The kind of the system that the pair calls `here`. */
  readonly hereKind: string;
}

/** What a probe of a system reads and stores about the pairs that use it. It does not hold their slices. */
export function createPairProbeStore(db: Db) {
  return {
    /** The sides of pairs that are a system's, by name. Nobody works on a pair of the mode `off`. */
    async endsOf(systemId: number): Promise<ProbedEnd[]> {
      const result = await db.raw<{ rows: ProbedEnd[] }>(
        `select p.id as "pairId", p.name as pair, side, p.config, p.config_version as "configVersion", h.kind as "hereKind"
         from pair p join remote_system h on h.id = p.here_id
           cross join lateral (values ('here', p.here_id), ('there', p.there_id)) e (side, system_id)
         where e.system_id = :systemId and p.mode <> 'off' order by p.name, side`,
        { systemId },
      );
      return result.rows;
    },

    /** The stored types of the fields of that side, by the names in the system. */
    async knownTypes({ pairId, side }: ProbedEnd): Promise<ReadonlyMap<string, KeptFieldType>> {
      const result = await db.raw<{ rows: (KeptFieldType & { field: string })[] }>(
        `select field, type, is_required as "isRequired" from pair_field_type where pair_id = :pairId and side = :side`,
        { pairId, side },
      );
      return new Map(result.rows.map(({ field, ...type }) => [field, type]));
    },

    /** Types that are already stored stay, because a slice may have stored more in the meantime. */
    async keepNewTypes(
      { pairId, side }: ProbedEnd,
      types: Readonly<Record<string, KeptFieldType>>,
    ): Promise<void> {
      const found = Object.entries(types).map(([field, { type, isRequired }]) => ({
        field,
        type,
        is_required: isRequired,
      }));
      await db.raw(
        `insert into pair_field_type (pair_id, side, field, type, is_required)
         select p.id, :side, field, type, is_required
         from pair p, jsonb_to_recordset(cast(:found as jsonb)) as f (field text, type text, is_required boolean)
         where p.id = :pairId on conflict (pair_id, side, field) do nothing`,
        { pairId, side, found: JSON.stringify(found) },
      );
    },

    /** Pauses a pair and tells of it, unless it is paused already or its configuration is another one by now. */
    async pausePair(
      { pairId, configVersion }: ProbedEnd,
      { reason, facts }: { readonly reason: string; readonly facts: object },
    ): Promise<void> {
      await db.raw(
        `with paused as (
           update pair set paused_at = now(), paused_reason = :reason, paused_by = null
           where id = :pairId and paused_at is null and config_version = :configVersion returning id
         )
         select notify_targets_of_pair('pair-paused', id, :key, clock_timestamp(), cast(:facts as jsonb)) from paused`,
        {
          pairId,
          configVersion,
          reason,
          key: `pair-paused:${pairId}:${Date.now()}`,
          facts: JSON.stringify(facts),
        },
      );
    },
  };
}
