import type { Channel } from '../domain/channel';
import {
  boolean,
  choice,
  type Column,
  date,
  decimal,
  integer,
  minutes,
  percent,
  snakeCase,
  temperature,
  text,
  time,
} from './column';

/** One kind of reading: append-only, its `Id` growing per solution. */
export interface LogTable {
  /** As on the wire, e.g. `Tbfridge`. Compared without case. */
  readonly name: string;
  /** The table in PostgreSQL, e.g. `tbfridge`. Its key is (solution_id, id); undeclared columns are kept in `extra`. */
  readonly table: string;
  readonly channel: Channel;
  /** Without `Id`. */
  readonly columns: readonly LogColumn[];
  /** The column that tells one series of readings from another (a probe, a fridge), where a table holds several. */
  readonly series: string | null;
  /** A device measures: two readings of one series are never of the same time. People may note several in one minute. */
  readonly isMeasuredByDevice: boolean;
}

export interface LogColumn extends Column {
  /** Name in PostgreSQL. */
  readonly column: string;
}

/** What every log of `synchro` and `messagerie` has. Labels and limits in force are copied into the log. */
const shared: readonly Column[] = [
  time('MeasuredAt'),
  text('UserName'),
  boolean('IsConform'),
  text('CorrectiveAction'),
  text('Comment'),
  text('PhotoName'),
];

function table(
  name: string,
  channel: Channel,
  columns: readonly Column[],
  series: string | null = null,
): LogTable {
  const withNames = columns.map((column) => ({ ...column, column: snakeCase(column.name) }));
  const isMeasuredByDevice = channel === 'sondes';
  return { name, table: name.toLowerCase(), channel, columns: withNames, series, isMeasuredByDevice };
}

const synchro = (name: string, ...own: Column[]): LogTable => table(name, 'synchro', [...shared, ...own]);
/** Readings of several fridges in one table: each is a series of its own. */
const perFridge = (name: string, ...own: Column[]): LogTable =>
  table(name, 'synchro', [...shared, ...own], 'FridgeId');

const checkList = [text('ListName'), text('Question'), text('Answer')];
const startToEnd = [time('StartAt'), temperature('StartTemp'), time('EndAt'), temperature('EndTemp')];
const cooking = [
  text('ProductName'),
  time('StartAt'),
  time('EndAt'),
  temperature('CoreTemp'),
  temperature('TargetTemp'),
];
const delivery = [
  text('SupplierName'),
  text('ProductName'),
  text('LotNumber'),
  date('UseBy'),
  temperature('Temp'),
  temperature('TruckTemp'),
  boolean('Accepted'),
];
const surfaceAnalysis = [
  text('Sample'),
  text('Germ'),
  choice('Operator', '<', '=', '>', 'absence', 'presence'),
  decimal('Value', 0, 1e15),
  text('Unit'),
  decimal('LimitM', 0, 1e15),
  text('Verdict'),
];
const decontamination = [
  text('ProductName'),
  text('Decontaminant'),
  decimal('Dosage', 0, 1e6),
  minutes('ContactTimeMinutes'),
];
const lot = [text('ProductName'), text('LotNumber'), date('UseBy')];

export const logTables: readonly LogTable[] = [
  synchro('Tbanalysesurface', ...surfaceAnalysis),
  synchro(
    'Tbanisakiase',
    text('ProductName'),
    text('LotNumber'),
    time('StartAt'),
    time('EndAt'),
    temperature('Temp'),
  ),
  synchro('Tbcleaning', text('CleaningId'), text('Surface'), text('ProductName')),
  synchro('Tbcontrollist', ...checkList),
  synchro('Tbcontrollist2', ...checkList),
  synchro('Tbcontrollist3', ...checkList),
  synchro('Tbcontrolmanager', ...checkList),
  synchro('Tbcooking', ...cooking),
  synchro('Tbcookingsousvide', ...cooking),
  synchro('Tbdeconditioning', ...lot, time('OpenedAt')),
  synchro('Tbdecontamination', ...decontamination),
  synchro('Tbdecontaminationv2', ...decontamination, text('LotNumber')),
  synchro('Tbdefrosting', ...lot, ...startToEnd),
  synchro('Tbdefrostmonitoring', text('ProductName'), text('LotNumber'), temperature('Temp')),
  synchro('Tbdeliverytemp', ...delivery),
  synchro('Tbdlc_courte_longue', ...lot, date('NewUseBy')),
  synchro('Tbemails', text('Recipient'), text('Subject'), text('Body'), time('SentAt')),
  synchro(
    'Tbetalonnageequipement',
    text('EquipementName'),
    temperature('ReferenceTemp'),
    temperature('ReadTemp'),
    temperature('Deviation'),
  ),
  synchro('Tbetape', text('ProductName'), text('StepName'), time('StartAt'), time('EndAt')),
  synchro('Tbevaluation', text('Subject'), text('Question'), text('Answer'), decimal('Score', 0, 1e6)),
  synchro('Tbfreezing', text('ProductName'), ...startToEnd),
  perFridge(
    'Tbfridge',
    text('FridgeId'),
    text('FridgeName'),
    temperature('Temp'),
    temperature('TempMin'),
    temperature('TempMax'),
    text('Moment'),
  ),
  synchro('Tbfrozen', ...lot, temperature('Temp')),
  synchro('Tblogsstatus', text('Module'), text('Status'), text('Detail')),
  synchro('Tblots', ...lot),
  synchro('Tbmanipulation', text('ProductName'), temperature('Temp'), time('StartAt'), time('EndAt')),
  synchro(
    'Tbmeatorigin',
    text('ProductName'),
    text('LotNumber'),
    text('BornIn'),
    text('RaisedIn'),
    text('SlaughteredIn'),
    text('CutIn'),
  ),
  table('Tbmessagerie', 'messagerie', [
    ...shared,
    text('Sender'),
    text('Recipient'),
    choice('Kind', 'message', 'probe-alert', 'analysis'),
    text('Subject'),
    text('Body'),
    time('SentAt'),
    time('ReadAt'),
  ]),
  synchro('Tboil', text('OilName'), percent('PolarPercent'), temperature('Temp'), text('Action')),
  synchro('Tbplattemoin', text('Dish'), time('KeptUntil')),
  synchro('Tbproductiontemp', text('ProductName'), temperature('Temp')),
  synchro('Tbquestion', text('Question'), text('Answer')),
  synchro('Tbrecette', text('RecipeName'), text('LotNumber'), decimal('Quantity', 0, 1e9), text('Unit')),
  synchro(
    'Tbrecetteingredient',
    integer('RecetteId'),
    text('IngredientName'),
    text('LotNumber'),
    decimal('Quantity', 0, 1e9),
    text('Unit'),
  ),
  synchro('Tbservicetemp', text('ProductName'), temperature('Temp')),
  synchro('Tbstockin', ...delivery),
  synchro('Tbtracking', ...lot),
  synchro('Tbtransferttemp', text('ProductName'), text('Destination'), temperature('Temp')),
  synchro('Tbwarming', text('ProductName'), ...startToEnd),
  table(
    'Tbsondes',
    'sondes',
    [
      text('ProbeId'),
      time('MeasuredAt'),
      temperature('Temperature'),
      { ...percent('Humidity'), unit: '%RH' },
      percent('BatteryPercent'),
      decimal('SignalDbm', -200, 50, 'dBm'),
      integer('Sequence'),
    ],
    'ProbeId',
  ),
];

const byLowerName = new Map(logTables.map((logTable) => [logTable.name.toLowerCase(), logTable]));

/** Names compare without case. */
export function findLogTable(name: string): LogTable | undefined {
  return byLowerName.get(name.toLowerCase());
}

export function logTablesOf(channel: Channel): readonly LogTable[] {
  return logTables.filter((logTable) => logTable.channel === channel);
}

/** Those whose rows may name a photo. */
export const tablesWithPhotos = logTables.filter(({ columns }) =>
  columns.some(({ name }) => name === 'PhotoName'),
);
