import type { Channel } from '../domain/channel';
import type { Label } from '../domain/language';
import {
  boolean,
  choice,
  type Column,
  days,
  decimal,
  integer,
  minutes,
  ownText,
  percent,
  temperature,
  text,
} from './column';
import { type ParameterClass, parameters } from './parameter-class';

export type { ClassLimit, ConflictPolicy, Direction, ParameterClass } from './parameter-class';

/** The labels of the fields that all classes share. `Id` has the same label in every language. */
export const sharedFieldLabels: ReadonlyMap<string, Label> = new Map([
  ['idServer', { en: 'Id on the server', fr: 'Id sur le serveur' }],
  ['Ts', { en: 'Last change', fr: 'Dernière modification' }],
  ['IsActive', { en: 'In use', fr: 'Actif' }],
]);

// Columns of several classes

const itsName = text('Name', { en: 'Name', fr: 'Nom' });
const position = integer('Position', { en: 'Place in the list', fr: 'Rang' });
const lowestTemp = temperature('TempMin', { en: 'Lowest temperature', fr: 'Température minimale' });
const highestTemp = temperature('TempMax', { en: 'Highest temperature', fr: 'Température maximale' });
const longest = minutes('MaxMinutes', { en: 'Longest time', fr: 'Durée maximale' });
const dose = text('Dosage', { en: 'Dose', fr: 'Dosage' });
const contactTime = minutes('ContactTimeMinutes', { en: 'Contact time', fr: 'Temps de contact' });
const itsProbe = ownText('ProbeId', { en: 'Probe', fr: 'Sonde' });
const keyAndValue = [text('Key', { en: 'Key', fr: 'Clé' }), text('Value', { en: 'Value', fr: 'Valeur' })];
const contact = [
  itsName,
  text('AgreementNumber', { en: 'Health approval number', fr: 'Numéro d’agrément sanitaire' }),
  text('Email', { en: 'E-mail address', fr: 'Adresse e-mail' }),
  text('Phone', { en: 'Telephone', fr: 'Téléphone' }),
];
const checkList = [
  text('Label', { en: 'Point to check', fr: 'Point à contrôler' }),
  position,
  text('AnswerType', { en: 'Kind of answer', fr: 'Type de réponse' }),
  boolean('Mandatory', { en: 'Mandatory', fr: 'Obligatoire' }),
];
const product = [
  itsName,
  text('Family', { en: 'Family', fr: 'Famille' }),
  lowestTemp,
  highestTemp,
  longest,
  days('ShelfLifeDays', { en: 'Shelf life', fr: 'Durée de vie' }),
  text('Allergens', { en: 'Allergens', fr: 'Allergènes' }),
];
const cooking = [
  itsName,
  temperature('TargetTemp', { en: 'Temperature to reach', fr: 'Température à atteindre' }),
  longest,
];

/** One class of products for each step of the work. */
const products = (name: string, label: Label) => parameters(name, label, product);

export const parameterClasses: readonly ParameterClass[] = [
  parameters('Actions', { en: 'Corrective actions', fr: 'Actions correctives' }, [
    text('Module', { en: 'Kind of control', fr: 'Module de contrôle' }),
    text('Label', { en: 'What to do', fr: 'Action à mener' }),
    boolean('IsCritical', { en: 'Critical', fr: 'Critique' }),
  ]),
  parameters('AddressBook', { en: 'Address book', fr: 'Carnet d’adresses' }, contact, {
    isOfOneKitchen: true,
  }),
  parameters('AnalyseSurfaces', { en: 'Surface analyses', fr: 'Analyses de surface' }, [
    text('Surface', { en: 'Surface sampled', fr: 'Surface prélevée' }),
    text('Method', { en: 'Method', fr: 'Méthode' }),
    decimal('LimitM', { en: 'Limit M (acceptable)', fr: 'Limite M (acceptable)' }, { min: 0, max: 1e15 }),
    decimal('Limitm', { en: 'Limit m (satisfactory)', fr: 'Limite m (satisfaisant)' }, { min: 0, max: 1e15 }),
    text('Unit', { en: 'Unit', fr: 'Unité' }),
  ]),
  parameters('Cells', { en: 'Blast chillers', fr: 'Cellules de refroidissement' }, [
    itsName,
    lowestTemp,
    highestTemp,
    itsProbe,
  ]),
  parameters('CheckLists', { en: 'Check lists', fr: 'Listes de contrôle' }, checkList),
  parameters('Cleanings', { en: 'Cleaning plan', fr: 'Plan de nettoyage' }, [
    text('Surface', { en: 'Surface to clean', fr: 'Surface à nettoyer' }),
    text('Zone', { en: 'Area', fr: 'Zone' }),
    text('Frequency', { en: 'How often', fr: 'Fréquence' }),
    text('ProductId', { en: 'Cleaning product (Id)', fr: 'Produit de nettoyage (Id)' }),
    dose,
    contactTime,
    text('MethodId', { en: 'Method (Id)', fr: 'Méthode (Id)' }),
  ]),
  parameters('Company', { en: 'Company', fr: 'Établissement' }, keyAndValue, {
    direction: 'manager',
    isOfOneKitchen: true,
  }),
  parameters('ControlsList', { en: 'Controls, list 1', fr: 'Contrôles, liste 1' }, checkList),
  parameters('ControlsList2', { en: 'Controls, list 2', fr: 'Contrôles, liste 2' }, checkList),
  parameters('ControlsList3', { en: 'Controls, list 3', fr: 'Contrôles, liste 3' }, checkList),
  parameters('ControlsManager', { en: 'Controls of the manager', fr: 'Contrôles du manager' }, checkList, {
    direction: 'manager',
  }),
  parameters('Cookings', { en: 'Cookings', fr: 'Cuissons' }, cooking),
  parameters('Decontaminants', { en: 'Decontaminants', fr: 'Produits décontaminants' }, [
    itsName,
    dose,
    contactTime,
  ]),
  parameters('Equipements', { en: 'Equipment', fr: 'Équipements' }, [
    itsName,
    ownText('Serial', { en: 'Serial number', fr: 'Numéro de série' }),
    days('CalibrationPeriodDays', { en: 'Time between calibrations', fr: 'Intervalle d’étalonnage' }),
    temperature('MaxDeviation', { en: 'Largest deviation', fr: 'Écart maximal toléré' }),
  ]),
  parameters('Evaluations', { en: 'Evaluations', fr: 'Évaluations' }, [
    text('Subject', { en: 'Subject', fr: 'Sujet' }),
    text('Question', { en: 'Question to ask', fr: 'Question à poser' }),
    position,
  ]),
  parameters('Fridges', { en: 'Fridges and cold rooms', fr: 'Enceintes froides' }, [
    itsName,
    choice(
      'Type',
      { en: 'Kind', fr: 'Type d’enceinte' },
      {
        positive: { en: 'chilled', fr: 'froid positif' },
        negative: { en: 'frozen', fr: 'froid négatif' },
        cell: { en: 'blast chiller', fr: 'cellule de refroidissement' },
        display: { en: 'display cabinet', fr: 'vitrine réfrigérée' },
      },
    ),
    lowestTemp,
    highestTemp,
    itsProbe,
    minutes('AlertDelayMinutes', { en: 'Alert after', fr: 'Alerte après' }),
    minutes('SignalLossMinutes', { en: 'Signal lost after', fr: 'Perte de signal après' }),
  ]),
  parameters('MeatOrigins', { en: 'Origins of meat', fr: 'Origines des viandes' }, [
    itsName,
    text('Country', { en: 'Country', fr: 'Pays' }),
  ]),
  parameters('Methods', { en: 'Methods', fr: 'Méthodes' }, [
    itsName,
    text('Description', { en: 'How it is done', fr: 'Mode opératoire' }),
  ]),
  parameters('Moments', { en: 'Moments of the day', fr: 'Moments de la journée' }, keyAndValue),
  parameters('Notes', { en: 'Notes', fr: 'Notes' }, keyAndValue, { isOfOneKitchen: true }),
  parameters('Oils', { en: 'Frying oils', fr: 'Huiles de friture' }, [
    itsName,
    text('OilType', { en: 'Kind of oil', fr: 'Type d’huile' }),
    decimal(
      'CapacityLitres',
      { en: 'Capacity of the fryer', fr: 'Capacité de la friteuse' },
      { min: 0, max: 1e5, unit: 'l' },
    ),
    percent('PolarMaxPercent', { en: 'Limit of polar compounds', fr: 'Limite de composés polaires' }),
    highestTemp,
  ]),
  parameters('Options', { en: 'Options', fr: 'Options' }, keyAndValue, { isOfOneKitchen: true }),
  parameters('OptionsUI', { en: 'Options of the display', fr: 'Options d’affichage' }, keyAndValue, {
    direction: 'solution',
  }),
  parameters('Origins', { en: 'Suppliers and origins', fr: 'Fournisseurs et origines' }, contact),
  parameters('PlatsTemoins', { en: 'Reference samples', fr: 'Plats témoins' }, [
    itsName,
    days('KeepDays', { en: 'Kept for', fr: 'Durée de conservation' }),
  ]),
  parameters('PrintersMapping', { en: 'Printers', fr: 'Imprimantes' }, keyAndValue, {
    direction: 'solution',
  }),
  parameters('ProductionsTemp', { en: 'Temperatures in production', fr: 'Températures de production' }, [
    itsName,
    text('ProductionType', { en: 'Kind of production', fr: 'Type de production' }),
    lowestTemp,
    highestTemp,
  ]),
  parameters('ProductionsTempType', { en: 'Kinds of production', fr: 'Types de production' }, [itsName]),
  products('ProductsAnisakiase', {
    en: 'Products: anisakis treatment',
    fr: 'Produits : traitement anisakis',
  }),
  parameters('ProductsCleaning', { en: 'Cleaning products', fr: 'Produits de nettoyage' }, [
    itsName,
    text('Supplier', { en: 'Supplier', fr: 'Fournisseur' }),
    dose,
    contactTime,
  ]),
  products('ProductsCookingSousVide', {
    en: 'Products: sous-vide cooking',
    fr: 'Produits : cuisson sous vide',
  }),
  products('ProductsDeconditioning', { en: 'Products: unpacking', fr: 'Produits : déconditionnement' }),
  products('ProductsDefrostMonitoring', {
    en: 'Products: defrosting under watch',
    fr: 'Produits : suivi de décongélation',
  }),
  products('ProductsDelivery', { en: 'Products: delivery', fr: 'Produits : livraison' }),
  products('ProductsDLCPlusQuatre', {
    en: 'Products: use-by date plus four days',
    fr: 'Produits : DLC plus quatre jours',
  }),
  products('ProductsDlcSecondaire', {
    en: 'Products: secondary use-by date',
    fr: 'Produits : DLC secondaire',
  }),
  products('ProductsFreezing', { en: 'Products: blast chilling', fr: 'Produits : refroidissement rapide' }),
  products('ProductsFrozen', { en: 'Products: frozen goods', fr: 'Produits : surgelés' }),
  products('ProductsManipulation', { en: 'Products: handling', fr: 'Produits : manipulation' }),
  products('ProductsProduction', { en: 'Products: production', fr: 'Produits : production' }),
  products('ProductsService', { en: 'Products: service', fr: 'Produits : service' }),
  products('ProductsStickers', { en: 'Products: labels', fr: 'Produits : étiquettes' }),
  products('ProductsStickersDefrosting', {
    en: 'Products: defrosting labels',
    fr: 'Produits : étiquettes de décongélation',
  }),
  products('ProductsStickersDelivery', {
    en: 'Products: delivery labels',
    fr: 'Produits : étiquettes de livraison',
  }),
  products('ProductsStockIn', { en: 'Products: into stock', fr: 'Produits : entrée en stock' }),
  products('ProductsTransfert', { en: 'Products: transfer', fr: 'Produits : transfert' }),
  products('ProductsVenteAEmporter', { en: 'Products: takeaway', fr: 'Produits : vente à emporter' }),
  products('ProductsWarming', { en: 'Products: reheating', fr: 'Produits : remise en température' }),
  parameters('ProduitDecontamination', { en: 'Products to decontaminate', fr: 'Produits à décontaminer' }, [
    itsName,
    dose,
    contactTime,
  ]),
  parameters('Sessions', { en: 'Sessions', fr: 'Sessions' }, keyAndValue, { direction: 'solution' }),
  parameters('Steps', { en: 'Steps', fr: 'Étapes' }, [itsName, position]),
  parameters('Timers', { en: 'Timers', fr: 'Minuteurs' }, keyAndValue, { direction: 'solution' }),
  parameters(
    'UserNames',
    { en: 'Staff of the kitchen', fr: 'Personnel de cuisine' },
    [
      itsName,
      text('Initials', { en: 'Initials', fr: 'Initiales' }),
      text('PinHash', { en: 'PIN, as a digest', fr: 'Code PIN, en empreinte' }),
    ],
    { isOfOneKitchen: true },
  ),
];

const byLowerName = new Map(parameterClasses.map((declared) => [declared.name.toLowerCase(), declared]));

/** Names compare without case. */
export function findParameterClass(name: string): ParameterClass | undefined {
  return byLowerName.get(name.toLowerCase());
}

export function parameterClassesOf(channel: Channel): readonly ParameterClass[] {
  return parameterClasses.filter((declared) => declared.channel === channel);
}

/** The classes that a template can hold for many kitchens. */
export const templateClasses: readonly ParameterClass[] = parameterClasses.filter(
  ({ fitsTemplate }) => fitsTemplate,
);

/** The fields of a class that a template can hold. */
export const templateColumns = ({ columns }: ParameterClass): readonly Column[] =>
  columns.filter(({ isOfOneKitchen }) => isOfOneKitchen !== true);
