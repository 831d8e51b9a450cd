'use strict';

// The log tables: one per kind of reading, keyed by solution first. Columns that a solution sends and that no
// table declares are kept in extra.

const shared =
  'measured_at timestamptz, user_name text, is_conform boolean, corrective_action text, comment text, photo_name text';

const own = {
  tbanalysesurface: `sample text, germ text, operator text, value double precision, unit text, limit_m double precision, verdict text`,
  tbanisakiase: `product_name text, lot_number text, start_at timestamptz, end_at timestamptz, temp double precision`,
  tbcleaning: `cleaning_id text, surface text, product_name text`,
  tbcontrollist: `list_name text, question text, answer text`,
  tbcontrollist2: `list_name text, question text, answer text`,
  tbcontrollist3: `list_name text, question text, answer text`,
  tbcontrolmanager: `list_name text, question text, answer text`,
  tbcooking: `product_name text, start_at timestamptz, end_at timestamptz, core_temp double precision, target_temp double precision`,
  tbcookingsousvide: `product_name text, start_at timestamptz, end_at timestamptz, core_temp double precision, target_temp double precision`,
  tbdeconditioning: `product_name text, lot_number text, use_by date, opened_at timestamptz`,
  tbdecontamination: `product_name text, decontaminant text, dosage double precision, contact_time_minutes bigint`,
  tbdecontaminationv2: `product_name text, decontaminant text, dosage double precision, contact_time_minutes bigint, lot_number text`,
  tbdefrosting: `product_name text, lot_number text, use_by date, start_at timestamptz, start_temp double precision, end_at timestamptz, end_temp double precision`,
  tbdefrostmonitoring: `product_name text, lot_number text, temp double precision`,
  tbdeliverytemp: `supplier_name text, product_name text, lot_number text, use_by date, temp double precision, truck_temp double precision, accepted boolean`,
  tbdlc_courte_longue: `product_name text, lot_number text, use_by date, new_use_by date`,
  tbemails: `recipient text, subject text, body text, sent_at timestamptz`,
  tbetalonnageequipement: `equipement_name text, reference_temp double precision, read_temp double precision, deviation double precision`,
  tbetape: `product_name text, step_name text, start_at timestamptz, end_at timestamptz`,
  tbevaluation: `subject text, question text, answer text, score double precision`,
  tbfreezing: `product_name text, start_at timestamptz, start_temp double precision, end_at timestamptz, end_temp double precision`,
  tbfridge: `fridge_id text, fridge_name text, temp double precision, temp_min double precision, temp_max double precision, moment text`,
  tbfrozen: `product_name text, lot_number text, use_by date, temp double precision`,
  tblogsstatus: `module text, status text, detail text`,
  tblots: `product_name text, lot_number text, use_by date`,
  tbmanipulation: `product_name text, temp double precision, start_at timestamptz, end_at timestamptz`,
  tbmeatorigin: `product_name text, lot_number text, born_in text, raised_in text, slaughtered_in text, cut_in text`,
  tbmessagerie: `sender text, recipient text, kind text, subject text, body text, sent_at timestamptz, read_at timestamptz`,
  tboil: `oil_name text, polar_percent double precision, temp double precision, action text`,
  tbplattemoin: `dish text, kept_until timestamptz`,
  tbproductiontemp: `product_name text, temp double precision`,
  tbquestion: `question text, answer text`,
  tbrecette: `recipe_name text, lot_number text, quantity double precision, unit text`,
  tbrecetteingredient: `recette_id bigint, ingredient_name text, lot_number text, quantity double precision, unit text`,
  tbservicetemp: `product_name text, temp double precision`,
  tbstockin: `supplier_name text, product_name text, lot_number text, use_by date, temp double precision, truck_temp double precision, accepted boolean`,
  tbtracking: `product_name text, lot_number text, use_by date`,
  tbtransferttemp: `product_name text, destination text, temp double precision`,
  tbwarming: `product_name text, start_at timestamptz, start_temp double precision, end_at timestamptz, end_temp double precision`,
};

const tables = {
  ...Object.fromEntries(Object.entries(own).map(([table, columns]) => [table, `${shared}, ${columns}`])),
  tbsondes: `probe_id text, measured_at timestamptz, temperature double precision, humidity double precision,
    battery_percent double precision, signal_dbm double precision, sequence bigint`,
};

exports.up = async (knex) => {
  for (const [table, columns] of Object.entries(tables)) {
    await knex.raw(`
      create table ${table} (
        solution_id int not null,
        id bigint not null,
        ${columns},
        extra jsonb,
        primary key (solution_id, id)
      )`);
  }
  // The highest id that the server has seen of each log, quarantined rows included.
  await knex.raw(`
    create table log_mark (
      solution_id int not null references solution on delete cascade,
      table_name text not null,
      highest_id bigint not null,
      primary key (solution_id, table_name)
    )`);
};

exports.down = (knex) => knex.raw(`drop table log_mark, ${Object.keys(tables).join(', ')}`);
