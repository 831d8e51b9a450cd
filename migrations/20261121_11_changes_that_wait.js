'use strict';

// Changes that wait for an approval as deletions do, and approvals that a worker applies.

exports.up = (knex) =>
  knex.raw(`
    alter table approval drop constraint approval_kind_check;
    alter table approval add constraint approval_kind_check
      -- 'changes': more of them in one sync than the class allows.
      check (kind in ('deletes', 'replace', 'changes'));
    -- When a worker did what was decided, to how many entities, and how many had changed since they were planned.
    alter table approval add column applied_at timestamptz;
    alter table approval add column applied int;
    alter table approval add column released int;
    update approval set applied_at = decided_at, applied = jsonb_array_length(plan), released = 0
      where state in ('approved', 'rejected');
    create index approval_undone on approval (id)
      where state in ('approved', 'rejected') and applied_at is null;
  `);

exports.down = (knex) =>
  knex.raw(`
    drop index approval_undone;
    alter table approval drop column applied_at, drop column applied, drop column released;
    delete from approval where kind = 'changes';
    alter table approval drop constraint approval_kind_check;
    alter table approval add constraint approval_kind_check check (kind in ('deletes', 'replace'));
  `);
