'use strict';

// A chain's template: settings that are edited once for many kitchens of one customer.
exports.up = (knex) =>
  knex.raw(`
    create table template (
      id int generated always as identity primary key,
      account_id int not null references account on delete cascade,
      name text not null check (char_length(name) between 1 and 200),
      -- Grows with each change of its entities. A state of the template is named by it.
      revision int not null default 0,
      created_at timestamptz not null default now(),
      unique (account_id, name)
    );

    -- Every version of every entity. The state at a revision is the latest version of each entity up to it.
    create table template_version (
      template_id int not null references template on delete cascade,
      class text not null,
      id text not null check (id <> '' and length(id) <= 64),
      revision int not null check (revision > 0),
      -- Only the fields that the template decides, so no null. The other fields belong to each kitchen.
      fields jsonb not null check (jsonb_typeof(fields) = 'object' and fields = jsonb_strip_nulls(fields)),
      -- False: the template holds the entity no longer; its last fields are kept.
      is_active boolean not null,
      at timestamptz not null default now(),
      by text not null,
      primary key (template_id, class, id, revision)
    );

    -- The kitchens that follow a template: each follows one at most.
    create table template_site (
      solution_id int primary key references solution on delete cascade,
      template_id int not null references template on delete cascade,
      joined_at timestamptz not null default now(),
      joined_by text not null
    );
    create index template_site_by_template on template_site (template_id, solution_id);

    -- Which version of an entity last went to a kitchen: what the kitchen has changed is seen by comparing with it.
    create table template_sent (
      solution_id int not null references template_site on delete cascade,
      class text not null,
      id text not null,
      revision int not null,
      primary key (solution_id, class, id)
    );

    -- A template never reaches another customer: a kitchen that is moved to another account leaves its template.
    create function template_site_leave() returns trigger language plpgsql as $$
    begin
      delete from template_site where solution_id = new.id;
      return null;
    end $$;
    create trigger template_site_leave after update of account_id on solution for each row
      when (old.account_id is distinct from new.account_id) execute function template_site_leave();
  `);

exports.down = (knex) =>
  knex.raw(`
    drop trigger template_site_leave on solution;
    drop function template_site_leave;
    drop table template_sent, template_site, template_version, template;
  `);
