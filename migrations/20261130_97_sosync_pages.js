'use strict';

// Pages of a large table in the order of an index. A table that has grown since it was last analysed looks small to the
// planner, which then reads and sorts all of the rest for every page. These functions leave it the index alone.

const inOrder = `stable set enable_sort = off set enable_bitmapscan = off set enable_seqscan = off`;

exports.up = (knex) =>
  knex.raw(`
    create function sosync_job_page(wanted_instance text, wanted_state text, after_id bigint, most int)
    returns setof sosync_job language plpgsql ${inOrder} as $$
    begin
      if wanted_state is null then
        return query select * from sosync_job s where s.instance = wanted_instance and s.job_id > after_id
          order by s.job_id limit most;
      else
        return query select * from sosync_job s where s.instance = wanted_instance and s.job_state = wanted_state
          and s.job_id > after_id order by s.job_id limit most;
      end if;
    end $$;

    create function sosync_job_unmirrored(wanted_instance text, except_ids bigint[], most int)
    returns setof sosync_job language plpgsql ${inOrder} as $$
    begin
      return query select * from sosync_job s where s.instance = wanted_instance and s.mirrored_version < s.version
        and s.job_id <> all (except_ids) order by s.changed_at, s.job_id limit most;
    end $$;

    create function sosync_job_unfetched(wanted_instance text, most int)
    returns setof sosync_job language plpgsql ${inOrder} as $$
    begin
      return query select * from sosync_job s where s.instance = wanted_instance and s.job_fetched is null
        and s.job_state = 'new' and s.link_job_id is not null order by s.job_id limit most;
    end $$;
  `);

exports.down = (knex) =>
  knex.raw('drop function sosync_job_page, sosync_job_unmirrored, sosync_job_unfetched');
