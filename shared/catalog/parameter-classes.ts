import type { Channel } from '../domain/channel';
import {
  boolean,
  choice,
  type Column,
  decimal,
  integer,
  minutes,
  percent,
  temperature,
  text,
} from './column';

/** Who edits a class. */
export type Direction = 'both' | 'manager' | 'solution';

/** Who wins where both sides changed one field differently. Source: ePack V4, Processing. */
export type ConflictPolicy = 'newest' | 'manager' | 'solution' | 'manual';

export interface ParameterClass {
  /** As on the wire, e.g. `Fridges`: the file is `Fridges.xml`. Compared without case. */
  readonly name: string;
  /** The XML element of one entity, e.g. `DefFridges`. */
  readonly itemElement: string;
  readonly channel: Channel;
  readonly direction: Direction;
  /** Without `Id`, `idServer`, `Ts` and `IsActive`, which all classes share. */
  readonly columns: readonly Column[];
  readonly conflictPolicy: ConflictPolicy;
  /** Fields with a policy of their own. */
  readonly fieldPolicies: Readonly<Record<string, ConflictPolicy>>;
  /** How many entities of the class one sync may change or add on the manager. Null: as many as it likes. */
  readonly maxChanges: ClassLimit | null;
  /** How many it may delete. */
  readonly maxDeletes: ClassLimit;
}

/** What is above both the count and the share is held or skipped. */
export interface ClassLimit {
  /** `soft`: it waits for an approval; `hard`: it is skipped, and kept in quarantine. */
  readonly kind: 'soft' | 'hard';
  readonly count: number;
  /** Of what the manager had before the sync: 0.5 is half. */
  readonly share: number;
}

interface Particulars {
  direction?: Direction;
  conflictPolicy?: ConflictPolicy;
  fieldPolicies?: Record<string, ConflictPolicy>;
}

function parameters(name: string, columns: readonly Column[], particulars: Particulars = {}): ParameterClass {
  return {
    name,
    itemElement: `Def${name}`,
    channel: 'synchro',
    direction: particulars.direction ?? 'both',
    columns,
    conflictPolicy: particulars.conflictPolicy ?? 'newest',
    fieldPolicies: particulars.fieldPolicies ?? {},
    maxChanges: null,
    maxDeletes: { kind: 'soft', count: 10, share: 0.5 },
  };
}

const keyAndValue = [text('Key'), text('Value')];
const named = [text('Name')];
const contact = [text('Name'), text('AgreementNumber'), text('Email'), text('Phone')];
const checkList = [text('Label'), integer('Position'), text('AnswerType'), boolean('Mandatory')];
const product = [
  text('Name'),
  text('Family'),
  temperature('TempMin'),
  temperature('TempMax'),
  minutes('MaxMinutes'),
  integer('ShelfLifeDays', 0, 36_500, 'd'),
  text('Allergens'),
];
const cooking = [text('Name'), temperature('TargetTemp'), minutes('MaxMinutes')];

export const parameterClasses: readonly ParameterClass[] = [
  parameters('Actions', [text('Module'), text('Label'), boolean('IsCritical')]),
  parameters('AddressBook', contact),
  parameters('AnalyseSurfaces', [
    text('Surface'),
    text('Method'),
    decimal('LimitM', 0, 1e15),
    decimal('Limitm', 0, 1e15),
    text('Unit'),
  ]),
  parameters('Cells', [text('Name'), temperature('TempMin'), temperature('TempMax'), text('ProbeId')]),
  parameters('CheckLists', checkList),
  parameters('Cleanings', [
    text('Surface'),
    text('Zone'),
    text('Frequency'),
    text('ProductId'),
    text('Dosage'),
    minutes('ContactTimeMinutes'),
    text('MethodId'),
  ]),
  parameters('Company', keyAndValue, { direction: 'manager' }),
  parameters('ControlsList', checkList),
  parameters('ControlsList2', checkList),
  parameters('ControlsList3', checkList),
  parameters('ControlsManager', checkList, { direction: 'manager' }),
  parameters('Cookings', cooking),
  parameters('Decontaminants', [text('Name'), text('Dosage'), minutes('ContactTimeMinutes')]),
  parameters('Equipements', [
    text('Name'),
    text('Serial'),
    integer('CalibrationPeriodDays', 0, 36_500, 'd'),
    temperature('MaxDeviation'),
  ]),
  parameters('Evaluations', [text('Subject'), text('Question'), integer('Position')]),
  parameters('Fridges', [
    text('Name'),
    choice('Type', 'positive', 'negative', 'cell', 'display'),
    temperature('TempMin'),
    temperature('TempMax'),
    text('ProbeId'),
    minutes('AlertDelayMinutes'),
    minutes('SignalLossMinutes'),
  ]),
  parameters('MeatOrigins', [text('Name'), text('Country')]),
  parameters('Methods', [text('Name'), text('Description')]),
  parameters('Moments', keyAndValue),
  parameters('Notes', keyAndValue),
  parameters('Oils', [
    text('Name'),
    text('OilType'),
    decimal('CapacityLitres', 0, 1e5, 'l'),
    percent('PolarMaxPercent'),
    temperature('TempMax'),
  ]),
  parameters('Options', keyAndValue),
  parameters('OptionsUI', keyAndValue, { direction: 'solution' }),
  parameters('Origins', contact),
  parameters('PlatsTemoins', [text('Name'), integer('KeepDays', 0, 36_500, 'd')]),
  parameters('PrintersMapping', keyAndValue, { direction: 'solution' }),
  parameters('ProductionsTemp', [
    text('Name'),
    text('ProductionType'),
    temperature('TempMin'),
    temperature('TempMax'),
  ]),
  parameters('ProductionsTempType', named),
  parameters('ProductsAnisakiase', product),
  parameters('ProductsCleaning', [
    text('Name'),
    text('Supplier'),
    text('Dosage'),
    minutes('ContactTimeMinutes'),
  ]),
  parameters('ProductsCookingSousVide', product),
  parameters('ProductsDeconditioning', product),
  parameters('ProductsDefrostMonitoring', product),
  parameters('ProductsDelivery', product),
  parameters('ProductsDLCPlusQuatre', product),
  parameters('ProductsDlcSecondaire', product),
  parameters('ProductsFreezing', product),
  parameters('ProductsFrozen', product),
  parameters('ProductsManipulation', product),
  parameters('ProductsProduction', product),
  parameters('ProductsService', product),
  parameters('ProductsStickers', product),
  parameters('ProductsStickersDefrosting', product),
  parameters('ProductsStickersDelivery', product),
  parameters('ProductsStockIn', product),
  parameters('ProductsTransfert', product),
  parameters('ProductsVenteAEmporter', product),
  parameters('ProductsWarming', product),
  parameters('ProduitDecontamination', [text('Name'), text('Dosage'), minutes('ContactTimeMinutes')]),
  parameters('Sessions', keyAndValue, { direction: 'solution' }),
  parameters('Steps', [text('Name'), integer('Position')]),
  parameters('Timers', keyAndValue, { direction: 'solution' }),
  parameters('UserNames', [text('Name'), text('Initials'), text('PinHash')]),
];

const byLowerName = new Map(parameterClasses.map((declared) => [declared.name.toLowerCase(), declared]));

/** Names compare without case. */
export function findParameterClass(name: string): ParameterClass | undefined {
  return byLowerName.get(name.toLowerCase());
}

export function parameterClassesOf(channel: Channel): readonly ParameterClass[] {
  return parameterClasses.filter((declared) => declared.channel === channel);
}
