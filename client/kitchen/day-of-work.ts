import { round } from './cold-room';
import type { Dice } from './dice';
import {
  closingQuestions,
  correctiveActions,
  deliveryQuestions,
  openingQuestions,
  operators,
  type ProductPlan,
  products,
  suppliers,
  surfaces,
} from './french-kitchen';
import type { ColdRoomSetting } from './settings';
import { atHour, daysLater, wallDate, weekday } from './wall-clock';

export type ReadingValue = string | number | boolean | Date | null;

/** One row of a log table, without its `Id`. A time is a `Date`; a day is text. */
export interface Reading {
  readonly table: string;
  readonly at: Date;
  readonly values: Readonly<Record<string, ReadingValue>>;
  /** Words on the photo that was taken with it. */
  readonly photo: string | null;
}

/** Something that somebody will do: what is read then is known only then. */
export interface Planned {
  readonly at: Date;
  do(): Reading;
}

/** What a kitchen remembers from one day to the next. */
export interface Memory {
  /** Polar compounds in each fryer, %. */
  readonly polarPercent: Map<string, number>;
  lots: number;
}

export const newMemory = (): Memory => ({ polarPercent: new Map(), lots: 0 });

/** All that is done in a kitchen on the day of `day`, by the hour. Closed on Sundays. */
export function planDay(
  day: Date,
  rooms: readonly ColdRoomSetting[],
  memory: Memory,
  dice: Dice,
): readonly Planned[] {
  const planner = createPlanner(day, memory, dice);
  everyDay(planner, rooms);
  if (weekday(day) !== 0) {
    workingDay(planner);
    if (weekday(day) === 1) monday(planner);
    if (weekday(day) === 4) thursday(planner);
  }
  return planner.planned.sort((one, other) => one.at.getTime() - other.at.getTime());
}

interface Planner {
  readonly planned: Planned[];
  readonly day: Date;
  readonly memory: Memory;
  readonly dice: Dice;
  /** Somebody does this at about that hour. */
  readonly add: (hour: number, table: string, values: (at: Date) => Values, photo?: string) => void;
  lot(): string;
  product(...families: ProductPlan['family'][]): ProductPlan;
}

type Values = Readonly<Record<string, ReadingValue>>;

function createPlanner(day: Date, memory: Memory, dice: Dice): Planner {
  const planned: Planned[] = [];
  return {
    ...{ planned, day, memory, dice },
    add: (hour, table, values, photo) => {
      const at = new Date(atHour(day, hour + dice.around(0, 0.08)).getTime() + dice.whole(0, 59) * 1000);
      const { name } = dice.pick(operators);
      planned.push({
        at,
        do: () => ({
          ...{ table, at, photo: photo ?? null },
          values: {
            MeasuredAt: at,
            UserName: name,
            IsConform: true,
            CorrectiveAction: null,
            Comment: null,
            ...values(at),
          },
        }),
      });
    },
    lot: () =>
      `L${wallDate(day).replaceAll('-', '').slice(2)}-${String((memory.lots += 1)).padStart(4, '0')}`,
    product: (...families) => {
      const [first, ...others] = products.filter(({ family }) => families.includes(family));
      return first === undefined ? products[0] : dice.pick([first, ...others]);
    },
  };
}

/** Days from the planner's day on, as a day is written. */
function inDays({ day }: Planner, days: number): string {
  return wallDate(daysLater(day, days));
}

const minutesAfter = (at: Date, minutes: number) => new Date(at.getTime() + minutes * 60_000);

/** The cold rooms are read on Sundays too: somebody passes by. */
function everyDay(planner: Planner, rooms: readonly ColdRoomSetting[]): void {
  const isSunday = weekday(planner.day) === 0;
  for (const [moment, hour] of isSunday
    ? ([['matin', 9]] as const)
    : ([
        ['matin', 6.8],
        ['soir', 22.6],
      ] as const)) {
    for (const { id, room } of rooms) {
      planner.add(hour, 'Tbfridge', () => {
        const temp = round(room.temperature(), 1);
        const { name, tempMin, tempMax } = room.plan;
        const isConform = temp <= tempMax + 0.5 && temp >= tempMin - 1;
        return {
          FridgeId: id,
          FridgeName: name,
          Temp: temp,
          TempMin: tempMin,
          TempMax: tempMax,
          Moment: moment,
          IsConform: isConform,
          CorrectiveAction: isConform ? null : correctiveActions.cold,
        };
      });
    }
  }
}

function workingDay(planner: Planner): void {
  openings(planner);
  deliveries(planner);
  preparation(planner);
  for (const [service, hour] of [
    ['midi', 12],
    ['soir', 19.5],
  ] as const)
    serve(planner, service, hour);
  cleaningUp(planner);
}

function openings({ add, dice }: Planner): void {
  for (const Question of openingQuestions) {
    add(6.6, 'Tbcontrollist', () => ({
      ListName: 'Ouverture',
      Question,
      Answer: dice.chance(0.97) ? 'oui' : 'non',
    }));
  }
  add(6.5, 'Tblogsstatus', () => ({
    Module: 'démarrage',
    Status: 'ok',
    Detail: 'Tablette allumée, sondes entendues',
  }));
}

function deliveries(planner: Planner): void {
  const { add, dice } = planner;
  for (let arrived = dice.whole(2, 4); arrived > 0; arrived--) {
    const supplier = dice.pick(suppliers);
    const hour = dice.between(7, 9.3);
    for (const Question of deliveryQuestions) {
      add(hour, 'Tbcontrollist3', () => ({
        ListName: `Réception ${supplier.name}`,
        Question,
        Answer: 'oui',
      }));
    }
    for (let boxes = dice.whole(1, 3); boxes > 0; boxes--)
      receive(planner, supplier.name, planner.product(...supplier.families), hour);
  }
}

function receive(planner: Planner, supplierName: string, delivered: ProductPlan, hour: number): void {
  const { add, dice } = planner;
  const limit = delivered.family === 'poisson' ? 2 : 4;
  const temp = round(dice.around(limit - 1.5, 0.9) + (dice.chance(0.03) ? 4 : 0), 1);
  const isAccepted = temp <= limit + 2;
  const traced = {
    ProductName: delivered.name,
    LotNumber: planner.lot(),
    UseBy: inDays(planner, delivered.shelfLifeDays),
  };
  const box = { SupplierName: supplierName, ...traced };
  const judged = {
    Temp: temp,
    TruckTemp: round(temp + dice.around(-0.4, 0.3), 1),
    Accepted: isAccepted,
    IsConform: isAccepted,
    CorrectiveAction: isAccepted ? null : correctiveActions.delivery,
  };
  add(hour, 'Tbdeliverytemp', () => ({ ...box, ...judged }));
  if (!isAccepted) return;
  add(hour + 0.1, 'Tbstockin', () => ({ ...box, ...judged }));
  add(hour + 0.2, 'Tblots', () => traced);
  const isPhotographed = dice.chance(0.3);
  add(
    hour + 0.25,
    'Tbtracking',
    () => traced,
    isPhotographed ? `${delivered.name}\n${traced.LotNumber}\nDLC ${traced.UseBy}` : undefined,
  );
  if (delivered.family === 'viande') {
    add(hour + 0.2, 'Tbmeatorigin', () => ({
      ProductName: delivered.name,
      LotNumber: traced.LotNumber,
      BornIn: 'France',
      RaisedIn: 'France',
      SlaughteredIn: dice.chance(0.9) ? 'France' : 'Irlande',
      CutIn: 'France',
    }));
  }
}

function preparation(planner: Planner): void {
  cook(planner);
  cool(planner);
  handle(planner);
  followRecipe(planner);
}

function cook(planner: Planner): void {
  const { add, dice } = planner;
  const cooked = planner.product('viande', 'volaille', 'plat');
  const target = cooked.family === 'volaille' ? 74 : 63;
  add(9.8, 'Tbcooking', (at) => ({
    ProductName: cooked.name,
    StartAt: minutesAfter(at, -dice.whole(60, 150)),
    EndAt: at,
    CoreTemp: round(dice.around(target + 5, 2), 1),
    TargetTemp: target,
  }));
  const slowly = planner.product('viande', 'volaille');
  add(15.5, 'Tbcookingsousvide', (at) => ({
    ProductName: slowly.name,
    StartAt: minutesAfter(at, -dice.whole(300, 900)),
    EndAt: at,
    CoreTemp: round(dice.around(64, 0.6), 1),
    TargetTemp: 63,
  }));
}

function cool(planner: Planner): void {
  const { add, dice } = planner;
  const cooled = planner.product('plat', 'sauce');
  const took = dice.whole(75, 118);
  add(10.9, 'Tbfreezing', (at) => ({
    ProductName: cooled.name,
    StartAt: minutesAfter(at, -took),
    StartTemp: round(dice.between(64, 82), 1),
    EndAt: at,
    EndTemp: round(dice.between(4, 9.5), 1),
  }));
  const frozen = planner.product('poisson', 'pâtisserie');
  const thawed = { ProductName: frozen.name, LotNumber: planner.lot(), UseBy: inDays(planner, 2) };
  add(7.2, 'Tbdefrosting', (at) => ({
    ...thawed,
    StartAt: minutesAfter(at, -dice.whole(700, 1000)),
    StartTemp: -19.5,
    EndAt: at,
    EndTemp: round(dice.between(0.5, 3), 1),
  }));
  add(8.5, 'Tbdefrostmonitoring', () => ({
    ProductName: frozen.name,
    LotNumber: thawed.LotNumber,
    Temp: round(dice.between(0.5, 3.5), 1),
  }));
  add(15.2, 'Tbfrozen', () => ({
    ...thawed,
    UseBy: inDays(planner, 90),
    Temp: round(dice.around(-20, 0.8), 1),
  }));
}

function handle(planner: Planner): void {
  const { add, dice } = planner;
  const handled = planner.product('viande', 'volaille', 'poisson');
  add(9.2, 'Tbmanipulation', (at) => ({
    ProductName: handled.name,
    Temp: round(dice.between(3, 8), 1),
    StartAt: minutesAfter(at, -dice.whole(10, 40)),
    EndAt: at,
  }));
  const opened = planner.product('laitier', 'sauce');
  const lot = { ProductName: opened.name, LotNumber: planner.lot() };
  add(9.4, 'Tbdeconditioning', (at) => ({ ...lot, UseBy: inDays(planner, 3), OpenedAt: at }));
  add(9.5, 'Tbdlc_courte_longue', () => ({
    ...lot,
    UseBy: inDays(planner, opened.shelfLifeDays),
    NewUseBy: inDays(planner, 3),
  }));
  const washed = {
    ProductName: planner.product('légume').name,
    Decontaminant: 'Chlore alimentaire',
    Dosage: 50,
    ContactTimeMinutes: 5,
  };
  add(8.9, 'Tbdecontamination', () => washed);
  add(8.9, 'Tbdecontaminationv2', () => ({ ...washed, LotNumber: planner.lot() }));
}

function followRecipe(planner: Planner): void {
  const { add, dice } = planner;
  const recipe = planner.product('plat', 'pâtisserie');
  const ingredients = [
    planner.product('laitier'),
    planner.product('légume'),
    planner.product('viande', 'volaille'),
  ];
  const recetteId = Number(wallDate(planner.day).replaceAll('-', ''));
  add(10, 'Tbrecette', () => ({
    RecipeName: recipe.name,
    LotNumber: planner.lot(),
    Quantity: dice.whole(20, 60),
    Unit: 'portions',
  }));
  for (const ingredient of ingredients) {
    add(10, 'Tbrecetteingredient', () => ({
      RecetteId: recetteId,
      IngredientName: ingredient.name,
      LotNumber: planner.lot(),
      Quantity: round(dice.between(0.5, 8), 2),
      Unit: 'kg',
    }));
  }
  for (const [StepName, hour] of [
    ['Préparation', 10.2],
    ['Cuisson', 11],
    ['Dressage', 11.8],
  ] as const) {
    add(hour, 'Tbetape', (at) => ({
      ProductName: recipe.name,
      StepName,
      StartAt: minutesAfter(at, -dice.whole(5, 45)),
      EndAt: at,
    }));
  }
}

function serve(planner: Planner, service: string, hour: number): void {
  const { add, dice } = planner;
  const dish = planner.product('plat');
  add(hour - 0.7, 'Tbwarming', (at) => ({
    ProductName: dish.name,
    StartAt: minutesAfter(at, -dice.whole(20, 55)),
    StartTemp: round(dice.between(2, 4), 1),
    EndAt: at,
    EndTemp: round(dice.between(66, 80), 1),
  }));
  const temps = [planner.product('plat'), planner.product('plat'), planner.product('sauce')];
  for (const { name } of temps) {
    const temp = round(dice.chance(0.03) ? dice.between(55, 62) : dice.around(70, 3), 1);
    const judged = {
      ProductName: name,
      Temp: temp,
      IsConform: temp >= 63,
      CorrectiveAction: temp >= 63 ? null : correctiveActions.hot,
    };
    add(hour - 0.2, 'Tbproductiontemp', () => judged);
    add(hour + 0.6, 'Tbservicetemp', () => ({
      ...judged,
      Temp: round(temp - dice.between(0, 3), 1),
      Comment: `Service du ${service}`,
    }));
  }
  add(hour, 'Tbtransferttemp', () => ({
    ProductName: dish.name,
    Destination: 'Salle banquet',
    Temp: round(dice.around(69, 2), 1),
  }));
  add(
    hour + 0.3,
    'Tbplattemoin',
    (at) => ({ Dish: dish.name, KeptUntil: daysLater(at, 5) }),
    dice.chance(0.15) ? `Plat témoin\n${dish.name}` : undefined,
  );
}

function cleaningUp({ add, dice }: Planner): void {
  for (const [place, { surface, frequency }] of surfaces.entries()) {
    if (frequency === 'Hebdomadaire' || frequency === 'Mensuel') continue;
    const isClean = dice.chance(0.98);
    add(frequency === 'Quotidien' ? 23 : 14.8, 'Tbcleaning', () => ({
      CleaningId: String(place + 1),
      Surface: surface,
      ProductName: 'Détergent désinfectant alimentaire',
      IsConform: isClean,
      CorrectiveAction: isClean ? null : correctiveActions.cleaning,
    }));
  }
  for (const Question of closingQuestions) {
    add(23.2, 'Tbcontrollist2', () => ({ ListName: 'Fermeture', Question, Answer: 'oui' }));
  }
}

/** What is done once a week: frying oil, thermometers, the manager's round, raw fish. */
function monday(planner: Planner): void {
  const { add, dice } = planner;
  fryers(planner);
  for (const EquipementName of ['Thermomètre à sonde cuisson', 'Thermomètre à sonde réception']) {
    const read = round(dice.around(0, 0.2), 1);
    add(8, 'Tbetalonnageequipement', () => ({
      EquipementName,
      ReferenceTemp: 0,
      ReadTemp: read,
      Deviation: Math.abs(read),
    }));
  }
  add(15, 'Tbcontrolmanager', () => ({
    ListName: 'Tournée du responsable',
    Question: 'Plan de maîtrise sanitaire à jour ?',
    Answer: 'oui',
  }));
  add(15.1, 'Tbquestion', () => ({ Question: 'Allergènes affichés en salle ?', Answer: 'oui' }));
  add(16, 'Tbmessagerie', (at) => ({
    Sender: 'cuisine',
    Recipient: 'responsable',
    Kind: 'message',
    Subject: 'Semaine à venir',
    Body: 'Groupe de 40 couverts jeudi ; commande de volaille passée.\nMerci de confirmer le nettoyage de la hotte.',
    SentAt: at,
    ReadAt: null,
  }));
  const fish = planner.product('poisson');
  add(9, 'Tbanisakiase', (at) => ({
    ProductName: fish.name,
    LotNumber: planner.lot(),
    StartAt: minutesAfter(at, -1500),
    EndAt: at,
    Temp: round(dice.around(-21, 0.5), 1),
  }));
}

/** What is done once a week: oil again, swabs, the weekly report. */
function thursday(planner: Planner): void {
  const { add, dice } = planner;
  fryers(planner);
  const count = dice.chance(0.95) ? dice.whole(0, 9) : dice.whole(12, 60);
  add(
    15,
    'Tbanalysesurface',
    () => ({
      Sample: dice.pick(surfaces).surface,
      Germ: 'Flore aérobie mésophile',
      Operator: count === 0 ? '<' : '=',
      Value: Math.max(1, count),
      Unit: 'UFC/25 cm²',
      LimitM: 100,
      Verdict: count > 10 ? 'à surveiller' : 'satisfaisant',
    }),
    'Écouvillon de surface',
  );
  add(15.4, 'Tbevaluation', () => ({
    Subject: 'Hygiène des mains',
    Question: 'Maîtrise par l’équipe (0 à 20) ?',
    Answer: 'bonne',
    Score: dice.whole(14, 20),
  }));
  add(17, 'Tbemails', (at) => ({
    Recipient: 'direction@bouchon.example',
    Subject: 'Rapport hebdomadaire HACCP',
    Body: 'Voir le registre : aucune non-conformité ouverte.',
    SentAt: at,
  }));
}

function fryers({ add, dice, memory }: Planner): void {
  for (const OilName of ['Friteuse 1', 'Friteuse 2']) {
    add(11.2, 'Tboil', () => {
      const polar = round((memory.polarPercent.get(OilName) ?? 8) + dice.between(1.5, 4), 1);
      const isSpent = polar > 24;
      memory.polarPercent.set(OilName, isSpent ? 6 : polar);
      return {
        OilName,
        PolarPercent: polar,
        Temp: round(dice.around(172, 2), 1),
        Action: isSpent ? 'vidange' : 'filtration',
        IsConform: polar <= 25,
        CorrectiveAction: isSpent ? correctiveActions.oil : null,
      };
    });
  }
}
