import type { Db } from '../../db/database';
import type { SystemKindName } from '../../systems/system-kind';

/** An instance as its operator wrote it: names of systems and pairs that are there. */
export interface SosyncInstance {
  readonly instance: string;
  readonly systems: { readonly fs: string; readonly fso: string };
  /** The pair of each model. */
  readonly models: Readonly<Record<string, string>>;
  /** Where every job is mirrored. */
  readonly protocol: { readonly system: string; readonly model: string } | null;
}

/** Where the records of a model are, seen from one of the two systems. */
export interface SosyncRoute {
  readonly model: string;
  readonly sourceSystem: 'fs' | 'fso';
  readonly pairId: number;
  readonly side: 'here' | 'there';
  readonly kind: SystemKindName;
  /** The name of the records on the source's side of the pair: its table, model or entity. */
  readonly ownName: string | null;
  readonly otherName: string | null;
}

export type SosyncInstanceStore = ReturnType<typeof createSosyncInstanceStore>;

/** The instances of the interface of sosync. */
export function createSosyncInstanceStore(db: Db) {
  return {
    /** Null: there is none. */
    async find(instance: string): Promise<SosyncInstance | null> {
      const result = await db.raw<{ rows: InstanceRow[] }>(
        `select i.name, fs.name as fs, fso.name as fso, protocol.name as protocol, i.protocol_model,
           coalesce((select jsonb_object_agg(m.model, p.name) from sosync_model m join pair p on p.id = m.pair_id
             where m.instance = i.name), '{}') as models
         from sosync_instance i join remote_system fs on fs.id = i.fs_id join remote_system fso on fso.id = i.fso_id
           left join remote_system protocol on protocol.id = i.protocol_id
         where i.name = ?`,
        [instance],
      );
      const row = result.rows[0];
      return row === undefined ? null : instanceFrom(row);
    },

    async names(): Promise<string[]> {
      const rows = await db<{ name: string }>('sosync_instance').select('name').orderBy('name');
      return rows.map(({ name }) => name);
    },

    /** Makes it, or makes it another; its systems and pairs are there. */
    async put({ instance, systems, models, protocol }: SosyncInstance): Promise<void> {
      await db.raw(
        `insert into sosync_instance (name, fs_id, fso_id, protocol_id, protocol_model)
         select :instance, (select id from remote_system where name = :fs), (select id from remote_system where name = :fso),
           (select id from remote_system where name = :protocolSystem), :protocolModel
         on conflict (name) do update set fs_id = excluded.fs_id, fso_id = excluded.fso_id,
           protocol_id = excluded.protocol_id, protocol_model = excluded.protocol_model`,
        {
          instance,
          ...systems,
          protocolSystem: protocol?.system ?? null,
          protocolModel: protocol?.model ?? null,
        },
      );
      await db.raw(
        `with wanted as (
           select w.key as model, p.id as pair_id from jsonb_each_text(cast(:models as jsonb)) w join pair p on p.name = w.value
         ), removed as (
           delete from sosync_model where instance = :instance and model not in (select model from wanted)
         )
         insert into sosync_model (instance, model, pair_id) select :instance, model, pair_id from wanted
         on conflict (instance, model) do update set pair_id = excluded.pair_id`,
        { instance, models: JSON.stringify(models) },
      );
    },

    /** Each model from each system: where its records are. */
    async routes(instance: string): Promise<SosyncRoute[]> {
      const result = await db.raw<{ rows: SosyncRoute[] }>(
        `select m.model, source.name as "sourceSystem", p.id as "pairId", ends.side, s.kind,
           coalesce(ends.own ->> 'entity', ends.own ->> 'table', ends.own ->> 'model') as "ownName",
           coalesce(ends.other ->> 'entity', ends.other ->> 'table', ends.other ->> 'model') as "otherName"
         from sosync_instance i join sosync_model m on m.instance = i.name join pair p on p.id = m.pair_id
           cross join lateral (values ('fs', i.fs_id), ('fso', i.fso_id)) source (name, system_id)
           join remote_system s on s.id = source.system_id
           cross join lateral (values ('here', p.here_id, p.config -> 'here', p.config -> 'there'),
             ('there', p.there_id, p.config -> 'there', p.config -> 'here')) ends (side, system_id, own, other)
         where i.name = ? and ends.system_id = source.system_id`,
        [instance],
      );
      return result.rows;
    },
  };
}

interface InstanceRow {
  name: string;
  fs: string;
  fso: string;
  protocol: string | null;
  protocol_model: string | null;
  models: Record<string, string>;
}

const instanceFrom = ({ name, fs, fso, protocol, protocol_model, models }: InstanceRow): SosyncInstance => ({
  instance: name,
  systems: { fs, fso },
  models,
  protocol: protocol === null || protocol_model === null ? null : { system: protocol, model: protocol_model },
});
