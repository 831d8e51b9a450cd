import type { Db } from '../../db/database';
import type { KeptFieldType } from '../../domain/kept-field-type';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

export type PairFieldTypeStore = ReturnType<typeof createPairFieldTypeStore>;

export function createPairFieldTypeStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** By the field's own name. */
    async known(side: EndSide): Promise<ReadonlyMap<string, KeptFieldType>> {
      const rows = await db<{
        field: string;
        type: string;
        is_required: boolean;
        pair_id: number;
        side: EndSide;
      }>('pair_field_type')
        .where({ pair_id: pairId, side })
        .select('field', 'type', 'is_required');
      return new Map(rows.map(({ field, type, is_required: isRequired }) => [field, { type, isRequired }]));
    },

    async keep(side: EndSide, types: Readonly<Record<string, KeptFieldType>>): Promise<void> {
      const found = Object.entries(types).map(([field, { type, isRequired }]) => ({
        field,
        type,
        is_required: isRequired,
      }));
      await db.raw(
        `${withGuard}
         insert into pair_field_type (pair_id, side, field, type, is_required)
         select :pairId, :side, field, type, is_required
         from jsonb_to_recordset(cast(:found as jsonb)) as f (field text, type text, is_required boolean)
         where exists (select from guard)
         on conflict (pair_id, side, field) do update
           set type = excluded.type, is_required = excluded.is_required, seen_at = now()`,
        { ...guardBindings(hold), pairId, side, found: JSON.stringify(found) },
      );
    },
  };
}
