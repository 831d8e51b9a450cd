'use strict';

// "Absence dans 25 g", "not detected": a laboratory looked for a germ in a quantity, and says whether it is there.

exports.up = (knex) =>
  knex.raw(`
    alter table manager_message
      drop constraint manager_message_operator_check,
      drop constraint manager_message_check1;
    alter table manager_message
      add constraint manager_message_operator_check check (operator in ('<', '=', '>', 'absence', 'presence')),
      -- The value of an absence or presence is the quantity that was examined, where the laboratory says it.
      add constraint manager_message_analysis check (case
        when kind <> 'analysis' then
          num_nonnulls(sample, germ, operator, value, unit, limit_satisfactory, limit_acceptable, verdict) = 0
        when operator in ('absence', 'presence') then num_nulls(sample, germ, verdict) = 0
        else num_nulls(sample, germ, operator, value, limit_satisfactory, limit_acceptable, verdict) = 0 end);
  `);

exports.down = (knex) =>
  knex.raw(`
    delete from manager_message where operator in ('absence', 'presence');
    alter table manager_message
      drop constraint manager_message_operator_check,
      drop constraint manager_message_analysis;
    alter table manager_message
      add constraint manager_message_operator_check check (operator in ('<', '=', '>')),
      add constraint manager_message_check1 check (case when kind = 'analysis'
        then num_nulls(sample, germ, operator, value, limit_satisfactory, limit_acceptable, verdict) = 0
        else num_nonnulls(sample, germ, operator, value, unit, limit_satisfactory, limit_acceptable, verdict) = 0 end);
  `);
