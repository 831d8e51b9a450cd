import { createHash } from 'node:crypto';
import type { Fields } from '../../shared/domain/merge-copy';
import type { WrittenEntity } from '../../shared/formats/xml-writer';
import type { ColdRoom } from './cold-room';
import type { Dice } from './dice';
import {
  cleaningProducts,
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
import { wallTime } from './wall-clock';

/** A cold room with the id of its parameter. */
export interface ColdRoomSetting {
  readonly id: string;
  readonly room: ColdRoom;
}

/**
 * The settings of a kitchen: every class that a solution edits, with some entities each. `Company` and
 * `ControlsManager` are missing: they come from the manager.
 */
export function kitchenSettings(
  rooms: readonly ColdRoomSetting[],
  now: Date,
  dice: Dice,
): ReadonlyMap<string, readonly WrittenEntity[]> {
  const ts = wallTime(now);
  const lastId = { value: firstId };
  const entity = (fields: Fields): WrittenEntity => ({
    id: String((lastId.value += dice.whole(1, 400))),
    idServer: null,
    ts,
    isActive: true,
    fields,
  });
  const classes = Object.entries(classFields(dice)).map(
    ([name, fields]): [string, readonly WrittenEntity[]] => [name, fields.map(entity)],
  );
  const fridges = rooms.map(({ id, room }) => ({
    id,
    idServer: null,
    ts,
    isActive: true,
    fields: fridgeFields(room),
  }));
  return new Map([['Fridges', fridges], ...classes]);
}

/** Real solutions count ids from the millisecond of their installation. */
const firstId = 1_532_500_000_000;

/** The id of the nth cold room. */
export function coldRoomId(place: number): string {
  return String(1_532_400_000_000 + (place + 1) * 137);
}

function fridgeFields({ plan, probeId }: ColdRoom): Fields {
  return {
    Name: plan.name,
    Type: plan.type,
    TempMin: plan.tempMin,
    TempMax: plan.tempMax,
    ProbeId: probeId,
    // A freezer is warm for most of an hour while it defrosts, and this must not cause an alert.
    AlertDelayMinutes: plan.type === 'negative' ? 90 : 45,
    SignalLossMinutes: 720,
  };
}

function classFields(dice: Dice): Record<string, readonly Fields[]> {
  return {
    ...people(dice),
    ...controls(),
    ...cleaning(),
    ...equipment(dice),
    ...production(),
    ...preferences(),
  };
}

function people(dice: Dice): Record<string, readonly Fields[]> {
  const contacts = suppliers.map(({ name, agreement, email, phone }) => ({
    Name: name,
    AgreementNumber: agreement,
    Email: email,
    Phone: phone,
  }));
  const laboratory = {
    Name: 'Laboratoire Rhône Analyses',
    AgreementNumber: '',
    Email: 'labo@rhone-analyses.example',
    Phone: '+33 4 78 00 00 09',
  };
  return {
    Origins: contacts,
    AddressBook: [...contacts, laboratory],
    UserNames: operators.map(({ name, initials }) => ({
      Name: name,
      Initials: initials,
      PinHash: createHash('sha256')
        .update(`${initials}${dice.whole(1000, 9999)}`)
        .digest('hex'),
    })),
    MeatOrigins: ['France', 'Irlande', 'Allemagne', 'Espagne'].map((Country) => ({
      Name: `Viande bovine ${Country}`,
      Country,
    })),
  };
}

function controls(): Record<string, readonly Fields[]> {
  const list = (labels: readonly string[]): Fields[] =>
    labels.map((Label, place) => ({
      Label,
      Position: place + 1,
      AnswerType: 'oui-non',
      Mandatory: place < 3,
    }));
  return {
    Actions: Object.entries(correctiveActions).map(([Module, Label]) => ({
      Module,
      Label,
      IsCritical: Module !== 'cleaning',
    })),
    CheckLists: list([...openingQuestions, ...closingQuestions]),
    ControlsList: list(openingQuestions),
    ControlsList2: list(closingQuestions),
    ControlsList3: list(deliveryQuestions),
    Evaluations: ['Hygiène des mains', 'Marche en avant', 'Traçabilité'].map((Subject, place) => ({
      Subject,
      Question: `${Subject} : maîtrise par l’équipe (0 à 20) ?`,
      Position: place + 1,
    })),
    AnalyseSurfaces: surfaces.slice(0, 4).map(({ surface }) => ({
      Surface: surface,
      Method: 'Écouvillon, NF ISO 18593',
      LimitM: 100,
      Limitm: 10,
      Unit: 'UFC/25 cm²',
    })),
  };
}

function cleaning(): Record<string, readonly Fields[]> {
  return {
    Cleanings: surfaces.map(({ surface, zone, frequency }, place) => ({
      Surface: surface,
      Zone: zone,
      Frequency: frequency,
      ProductId: String((place % cleaningProducts.length) + 1),
      Dosage: cleaningProducts[place % cleaningProducts.length]?.dosage ?? '2 %',
      ContactTimeMinutes: cleaningProducts[place % cleaningProducts.length]?.contactMinutes ?? 5,
      MethodId: '1',
    })),
    ProductsCleaning: cleaningProducts.map(({ name, supplier, dosage, contactMinutes }) => ({
      Name: name,
      Supplier: supplier,
      Dosage: dosage,
      ContactTimeMinutes: contactMinutes,
    })),
    Methods: [
      { Name: 'Nettoyage en 5 étapes', Description: 'Prélavage, nettoyage, rinçage, désinfection, rinçage' },
      { Name: 'Désinfection de contact', Description: 'Pulvériser, laisser agir, essuyer' },
    ],
    Decontaminants: [{ Name: 'Eau de Javel 2,6 %', Dosage: '30 ml pour 10 l', ContactTimeMinutes: 5 }],
    ProduitDecontamination: [{ Name: 'Chlore alimentaire', Dosage: '50 ppm', ContactTimeMinutes: 5 }],
  };
}

function equipment(dice: Dice): Record<string, readonly Fields[]> {
  return {
    Equipements: [
      'Thermomètre à sonde cuisson',
      'Thermomètre à sonde réception',
      'Thermomètre infrarouge',
    ].map((Name) => ({
      Name,
      Serial: `TH-${dice.whole(10_000, 99_999)}`,
      CalibrationPeriodDays: 365,
      MaxDeviation: 0.5,
    })),
    Cells: [{ Name: 'Cellule de refroidissement', TempMin: 0, TempMax: 3, ProbeId: '' }],
    Oils: [
      {
        Name: 'Friteuse 1',
        OilType: 'Tournesol oléique',
        CapacityLitres: 18,
        PolarMaxPercent: 25,
        TempMax: 175,
      },
      { Name: 'Friteuse 2', OilType: 'Arachide', CapacityLitres: 12, PolarMaxPercent: 25, TempMax: 175 },
    ],
    PrintersMapping: [{ Key: 'étiquettes', Value: 'usb:zebra-gk420' }],
    Timers: [{ Key: 'refroidissement', Value: '120' }],
  };
}

function production(): Record<string, readonly Fields[]> {
  const of = (...families: ProductPlan['family'][]) =>
    products.filter(({ family }) => families.includes(family));
  const meals = of('plat', 'pâtisserie', 'sauce');
  const cold = { TempMin: 0, TempMax: 3 };
  const delivered = products.map((plan) =>
    productFields(plan, { TempMin: 0, TempMax: plan.family === 'poisson' ? 2 : 4, MaxMinutes: 30 }),
  );
  return {
    ProductsDelivery: delivered,
    ProductsStockIn: delivered.slice(0, 20),
    ProductsProduction: meals.map((plan) => productFields(plan, { ...cold, MaxMinutes: 120 })),
    ProductsService: of('plat').map((plan) =>
      productFields(plan, { TempMin: 63, TempMax: 95, MaxMinutes: 120 }),
    ),
    ProductsFreezing: of('plat', 'sauce').map((plan) =>
      productFields(plan, { TempMin: -2, TempMax: 10, MaxMinutes: 120 }),
    ),
    ProductsWarming: of('plat').map((plan) =>
      productFields(plan, { TempMin: 63, TempMax: 95, MaxMinutes: 60 }),
    ),
    ProductsFrozen: of('poisson', 'pâtisserie').map((plan) =>
      productFields(plan, { TempMin: -25, TempMax: -18, MaxMinutes: 15 }),
    ),
    ProductsDefrostMonitoring: of('poisson', 'volaille').map((plan) =>
      productFields(plan, { TempMin: 0, TempMax: 4, MaxMinutes: 1440 }),
    ),
    ProductsCookingSousVide: of('viande', 'volaille').map((plan) =>
      productFields(plan, { TempMin: 56, TempMax: 85, MaxMinutes: 1440 }),
    ),
    ProductsDeconditioning: of('laitier').map((plan) => productFields(plan, { ...cold, MaxMinutes: 30 })),
    ProductsDlcSecondaire: of('laitier', 'sauce').map((plan) =>
      productFields(plan, { ...cold, MaxMinutes: 30 }),
    ),
    ProductsDLCPlusQuatre: of('plat').map((plan) => productFields(plan, { ...cold, MaxMinutes: 120 })),
    ProductsManipulation: of('viande', 'volaille', 'poisson').map((plan) =>
      productFields(plan, { ...cold, MaxMinutes: 45 }),
    ),
    ProductsAnisakiase: of('poisson').map((plan) =>
      productFields(plan, { TempMin: -40, TempMax: -20, MaxMinutes: 1440 }),
    ),
    ProductsTransfert: of('plat').map((plan) =>
      productFields(plan, { TempMin: 63, TempMax: 95, MaxMinutes: 60 }),
    ),
    ProductsVenteAEmporter: of('plat', 'pâtisserie').map((plan) =>
      productFields(plan, { ...cold, MaxMinutes: 60 }),
    ),
    ProductsStickers: meals.slice(0, 8).map((plan) => productFields(plan, { ...cold, MaxMinutes: 0 })),
    ProductsStickersDefrosting: of('volaille').map((plan) => productFields(plan, { ...cold, MaxMinutes: 0 })),
    ProductsStickersDelivery: of('viande').map((plan) => productFields(plan, { ...cold, MaxMinutes: 0 })),
    ProductionsTempType: ['Chaud', 'Froid'].map((Name) => ({ Name })),
    ProductionsTemp: [
      { Name: 'Liaison chaude', ProductionType: 'Chaud', TempMin: 63, TempMax: 95 },
      { Name: 'Liaison froide', ProductionType: 'Froid', TempMin: 0, TempMax: 3 },
    ],
    Cookings: of('viande', 'volaille', 'plat').map(({ name, family }) => ({
      Name: name,
      TargetTemp: family === 'volaille' ? 74 : 63,
      MaxMinutes: 240,
    })),
    PlatsTemoins: of('plat', 'pâtisserie').map(({ name }) => ({ Name: name, KeepDays: 5 })),
    Steps: ['Réception', 'Préparation', 'Cuisson', 'Refroidissement', 'Service'].map((Name, place) => ({
      Name,
      Position: place + 1,
    })),
  };
}

function productFields(
  { name, family, allergens, shelfLifeDays }: ProductPlan,
  limits: { readonly TempMin: number; readonly TempMax: number; readonly MaxMinutes: number },
): Fields {
  return { Name: name, Family: family, ...limits, ShelfLifeDays: shelfLifeDays, Allergens: allergens };
}

function preferences(): Record<string, readonly Fields[]> {
  const values = (entries: Record<string, string>) =>
    Object.entries(entries).map(([Key, Value]) => ({ Key, Value }));
  return {
    Options: values({ 'impression-automatique': 'oui', 'délai-rappel-minutes': '30', langue: 'fr' }),
    OptionsUI: values({ thème: 'clair', 'taille-police': '16' }),
    Moments: values({ matin: '07:00', midi: '14:30', soir: '22:30' }),
    Notes: values({ accueil: 'Bienvenue en cuisine. Lavez-vous les mains.' }),
    Sessions: values({ 'dernière-connexion': 'AG' }),
  };
}
