import { round } from './cold-room';
import {
  closingQuestions,
  correctiveActions,
  deliveryQuestions,
  openingQuestions,
  type ProductPlan,
  suppliers,
  surfaces,
} from './french-kitchen';
import { inDays, minutesAfter, type Planner } from './planner';
import { daysLater, wallDate } from './wall-clock';

/** Opening, deliveries, preparation, two services, cleaning. */
export function workingDay(planner: Planner): void {
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
