'use strict';

// A template can go out through a rollout. What it sends counts for the template only once it was sent.
exports.up = (knex) =>
  knex.raw(`
    create table template_rollout (
      rollout_id bigint primary key references rollout on delete cascade,
      -- Null: the template was deleted, so the rollout sends nothing more.
      template_id int references template on delete set null,
      -- The state of the template that goes out.
      revision int not null
    );
    create index template_rollout_by_template on template_rollout (template_id)`);

exports.down = (knex) => knex.raw('drop table template_rollout');
