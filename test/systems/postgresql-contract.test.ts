import { describeSystem } from './contract';
import { openPostgresqlSide, postgresqlStage, type PostgresqlSide } from './postgresql';

let side: PostgresqlSide;
beforeAll(async () => {
  side = await openPostgresqlSide();
});
afterAll(() => side.end());

describeSystem('PostgreSQL with xmin', () => postgresqlStage(side));

describeSystem('PostgreSQL with a column that has the time of the last change', () =>
  postgresqlStage(side, {
    more: ', geaendert timestamptz not null default now()',
    after: `create or replace function set_geaendert() returns trigger language plpgsql as
      $$begin new.geaendert := greatest(now(), clock_timestamp()); return new; end$$;
      create trigger tend before update on TABLE for each row execute function set_geaendert()`,
    end: { revision: 'geaendert' },
  }),
);

describeSystem('PostgreSQL with a column that counts, whose triggers write to the row once more', () =>
  postgresqlStage(side, {
    more: ', version bigint not null default 1',
    after: `create or replace function count_version() returns trigger language plpgsql as
      $$begin new.version := old.version + 1; return new; end$$;
      create trigger tend before update on TABLE for each row execute function count_version();
      create or replace function trim_note() returns trigger language plpgsql as
      $$begin execute format('update %I.%I set notiz = trim(notiz) where "ID" = $1 and notiz <> trim(notiz)',
        tg_table_schema, tg_table_name) using new."ID"; return null; end$$;
      create trigger late after insert or update on TABLE for each row execute function trim_note()`,
    end: { revision: 'version', syncKey: undefined },
  }),
);
