import type { Db } from '../../db/database';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

export type FieldKept = 'yes' | 'no';

/** The known behaviour of a server with a field. */
export interface LearnedField {
  readonly side: EndSide;
  readonly field: string;
  readonly kept: FieldKept;
  readonly sent: unknown;
  readonly shown: unknown;
}

export type PairFieldStore = ReturnType<typeof createPairFieldStore>;

export function createPairFieldStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** By side and field. */
    async known(): Promise<Readonly<Record<EndSide, Readonly<Record<string, FieldKept>>>>> {
      const rows = await db<{ side: EndSide; field: string; kept: FieldKept; pair_id: number }>('pair_field')
        .where({ pair_id: pairId })
        .select('side', 'field', 'kept');
      const of = (side: EndSide) =>
        Object.fromEntries(rows.filter((row) => row.side === side).map(({ field, kept }) => [field, kept]));
      return { here: of('here'), there: of('there') };
    },

    async learn(found: readonly LearnedField[]): Promise<void> {
      if (found.length === 0) return;
      await db.raw(
        `${withGuard}
         insert into pair_field (pair_id, side, field, kept, sent, shown)
         select distinct on (side, field) :pairId, side, field, kept, sent, shown
         from jsonb_to_recordset(cast(:found as jsonb)) as f (side text, field text, kept text, sent jsonb, shown jsonb)
         where exists (select from guard)
         on conflict (pair_id, side, field) do update set kept = excluded.kept, sent = excluded.sent, shown = excluded.shown, learned_at = now()`,
        { ...guardBindings(hold), pairId, found: JSON.stringify([...found].reverse()) },
      );
    },
  };
}
