import type { Db } from '../../shared/db/database';

/** An instance `dadi` of the interface of sosync, with its two systems, and no pair. */
export async function addInstance(db: Db): Promise<void> {
  await db.raw(`
    with s as (
      insert into remote_system (name, kind, config)
      values ('fs', 'sql-server', '{}'), ('fso', 'odoo', '{}') returning id, name
    )
    insert into sosync_instance (name, fs_id, fso_id, protocol_id, protocol_model)
    select 'dadi', fs.id, fso.id, fso.id, 'sosync.job' from s fs, s fso where fs.name = 'fs' and fso.name = 'fso'`);
}
