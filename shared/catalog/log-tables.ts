import type { Channel } from '../domain/channel';
import { boolean, choice, date, decimal, integer, minutes, percent, temperature, text, time } from './column';
import { type LogTable, measuredAt, perFridge, sharedLogColumns, synchro, table } from './log-table';

export type { LogColumn, LogTable } from './log-table';

// Columns of several tables

const productName = text('ProductName', { en: 'Product', fr: 'Produit' });
const lotNumber = text('LotNumber', { en: 'Batch number', fr: 'Numéro de lot' });
const useBy = date('UseBy', { en: 'Use by', fr: 'DLC' });
const lot = [productName, lotNumber, useBy];
const temp = temperature('Temp', { en: 'Temperature', fr: 'Température' });
const startAt = time('StartAt', { en: 'Start', fr: 'Début' });
const endAt = time('EndAt', { en: 'End', fr: 'Fin' });
const startToEnd = [
  startAt,
  temperature('StartTemp', { en: 'Temperature at the start', fr: 'Température au début' }),
  endAt,
  temperature('EndTemp', { en: 'Temperature at the end', fr: 'Température à la fin' }),
];
const answer = text('Answer', { en: 'Answer', fr: 'Réponse' });
const question = text('Question', { en: 'Question asked', fr: 'Question posée' });
const checkList = [
  text('ListName', { en: 'List', fr: 'Liste' }),
  text('Question', { en: 'Point checked', fr: 'Point contrôlé' }),
  answer,
];
const cooking = [
  productName,
  startAt,
  endAt,
  temperature('CoreTemp', { en: 'Core temperature', fr: 'Température à cœur' }),
  temperature('TargetTemp', { en: 'Temperature to reach', fr: 'Température à atteindre' }),
];
const delivery = [
  text('SupplierName', { en: 'Supplier', fr: 'Fournisseur' }),
  ...lot,
  temp,
  temperature('TruckTemp', { en: 'Temperature of the truck', fr: 'Température du camion' }),
  boolean('Accepted', { en: 'Accepted', fr: 'Livraison acceptée' }),
];
const unit = text('Unit', { en: 'Unit', fr: 'Unité' });
const quantity = decimal('Quantity', { en: 'Quantity', fr: 'Quantité' }, { min: 0, max: 1e9 });
const surfaceAnalysis = [
  text('Sample', { en: 'Sample', fr: 'Prélèvement' }),
  text('Germ', { en: 'Germ', fr: 'Germe' }),
  choice(
    'Operator',
    { en: 'Comparison', fr: 'Comparaison' },
    {
      '<': { en: 'below', fr: 'inférieur à' },
      '=': { en: 'equal to', fr: 'égal à' },
      '>': { en: 'above', fr: 'supérieur à' },
      absence: { en: 'absence', fr: 'absence' },
      presence: { en: 'presence', fr: 'présence' },
    },
  ),
  decimal('Value', { en: 'Result', fr: 'Résultat' }, { min: 0, max: 1e15 }),
  unit,
  decimal('LimitM', { en: 'Limit M (acceptable)', fr: 'Limite M (acceptable)' }, { min: 0, max: 1e15 }),
  text('Verdict', { en: 'Conclusion of the laboratory', fr: 'Conclusion du laboratoire' }),
];
const decontamination = [
  productName,
  text('Decontaminant', { en: 'Decontaminant', fr: 'Produit décontaminant' }),
  decimal('Dosage', { en: 'Dose', fr: 'Dosage' }, { min: 0, max: 1e6 }),
  minutes('ContactTimeMinutes', { en: 'Contact time', fr: 'Temps de contact' }),
];
const recipient = text('Recipient', { en: 'Recipient', fr: 'Destinataire' });
const letter = [
  text('Subject', { en: 'Subject', fr: 'Objet' }),
  text('Body', { en: 'Text', fr: 'Texte' }),
  time('SentAt', { en: 'Sent at', fr: 'Envoyé le' }),
];

export const logTables: readonly LogTable[] = [
  synchro('Tbanalysesurface', { en: 'Surface analyses', fr: 'Analyses de surface' }, ...surfaceAnalysis),
  synchro(
    'Tbanisakiase',
    { en: 'Anisakis treatments', fr: 'Traitements anisakis' },
    productName,
    lotNumber,
    startAt,
    endAt,
    temp,
  ),
  synchro(
    'Tbcleaning',
    { en: 'Cleaning done', fr: 'Nettoyages effectués' },
    text('CleaningId', { en: 'Task of the cleaning plan', fr: 'Tâche du plan de nettoyage' }),
    text('Surface', { en: 'Surface cleaned', fr: 'Surface nettoyée' }),
    text('ProductName', { en: 'Cleaning product', fr: 'Produit de nettoyage' }),
  ),
  synchro('Tbcontrollist', { en: 'Controls done, list 1', fr: 'Contrôles effectués, liste 1' }, ...checkList),
  synchro(
    'Tbcontrollist2',
    { en: 'Controls done, list 2', fr: 'Contrôles effectués, liste 2' },
    ...checkList,
  ),
  synchro(
    'Tbcontrollist3',
    { en: 'Controls done, list 3', fr: 'Contrôles effectués, liste 3' },
    ...checkList,
  ),
  synchro(
    'Tbcontrolmanager',
    { en: 'Controls of the manager done', fr: 'Contrôles du manager effectués' },
    ...checkList,
  ),
  synchro('Tbcooking', { en: 'Cookings', fr: 'Cuissons' }, ...cooking),
  synchro('Tbcookingsousvide', { en: 'Sous-vide cookings', fr: 'Cuissons sous vide' }, ...cooking),
  synchro(
    'Tbdeconditioning',
    { en: 'Unpackings', fr: 'Déconditionnements' },
    ...lot,
    time('OpenedAt', { en: 'Opened at', fr: 'Ouvert le' }),
  ),
  synchro('Tbdecontamination', { en: 'Decontaminations', fr: 'Décontaminations' }, ...decontamination),
  synchro(
    'Tbdecontaminationv2',
    { en: 'Decontaminations, second form', fr: 'Décontaminations, seconde forme' },
    ...decontamination,
    lotNumber,
  ),
  synchro('Tbdefrosting', { en: 'Defrostings', fr: 'Décongélations' }, ...lot, ...startToEnd),
  synchro(
    'Tbdefrostmonitoring',
    { en: 'Defrostings under watch', fr: 'Suivis de décongélation' },
    productName,
    lotNumber,
    temp,
  ),
  synchro(
    'Tbdeliverytemp',
    { en: 'Temperatures at delivery', fr: 'Températures à la livraison' },
    ...delivery,
  ),
  synchro(
    'Tbdlc_courte_longue',
    { en: 'Short and long use-by dates', fr: 'DLC courtes et longues' },
    ...lot,
    date('NewUseBy', { en: 'New use-by date', fr: 'Nouvelle DLC' }),
  ),
  synchro('Tbemails', { en: 'E-mails sent', fr: 'E-mails envoyés' }, recipient, ...letter),
  synchro(
    'Tbetalonnageequipement',
    { en: 'Calibrations of equipment', fr: 'Étalonnages d’équipement' },
    text('EquipementName', { en: 'Equipment', fr: 'Équipement' }),
    temperature('ReferenceTemp', { en: 'Reference temperature', fr: 'Température de référence' }),
    temperature('ReadTemp', { en: 'Temperature shown', fr: 'Température affichée' }),
    temperature('Deviation', { en: 'Deviation', fr: 'Écart' }),
  ),
  synchro(
    'Tbetape',
    { en: 'Steps done', fr: 'Étapes effectuées' },
    productName,
    text('StepName', { en: 'Step', fr: 'Étape' }),
    startAt,
    endAt,
  ),
  synchro(
    'Tbevaluation',
    { en: 'Evaluations done', fr: 'Évaluations effectuées' },
    text('Subject', { en: 'Subject', fr: 'Sujet' }),
    question,
    answer,
    decimal('Score', { en: 'Score', fr: 'Note' }, { min: 0, max: 1e6 }),
  ),
  synchro(
    'Tbfreezing',
    { en: 'Blast chillings', fr: 'Refroidissements rapides' },
    productName,
    ...startToEnd,
  ),
  perFridge(
    'Tbfridge',
    { en: 'Temperatures of fridges', fr: 'Températures des enceintes' },
    text('FridgeId', { en: 'Fridge (Id)', fr: 'Enceinte (Id)' }),
    text('FridgeName', { en: 'Fridge', fr: 'Enceinte' }),
    temp,
    temperature('TempMin', { en: 'Lower limit', fr: 'Limite basse' }),
    temperature('TempMax', { en: 'Upper limit', fr: 'Limite haute' }),
    text('Moment', { en: 'Moment of the day', fr: 'Moment de la journée' }),
  ),
  synchro('Tbfrozen', { en: 'Frozen goods', fr: 'Surgelés' }, ...lot, temp),
  synchro(
    'Tblogsstatus',
    { en: 'States of the device', fr: 'États de l’appareil' },
    text('Module', { en: 'Part of the program', fr: 'Module du programme' }),
    text('Status', { en: 'State', fr: 'État' }),
    text('Detail', { en: 'Details', fr: 'Détail' }),
  ),
  synchro('Tblots', { en: 'Batches', fr: 'Lots' }, ...lot),
  synchro('Tbmanipulation', { en: 'Handlings', fr: 'Manipulations' }, productName, temp, startAt, endAt),
  synchro(
    'Tbmeatorigin',
    { en: 'Origins of meat noted', fr: 'Origines de viandes relevées' },
    productName,
    lotNumber,
    text('BornIn', { en: 'Country of birth', fr: 'Pays de naissance' }),
    text('RaisedIn', { en: 'Country of rearing', fr: 'Pays d’élevage' }),
    text('SlaughteredIn', { en: 'Country of slaughter', fr: 'Pays d’abattage' }),
    text('CutIn', { en: 'Country of cutting', fr: 'Pays de découpe' }),
  ),
  table(
    'Tbmessagerie',
    { en: 'Receipts of messages', fr: 'Accusés de messages' },
    { channel: 'messagerie' },
    [
      ...sharedLogColumns,
      text('Sender', { en: 'Sender', fr: 'Expéditeur' }),
      recipient,
      choice(
        'Kind',
        { en: 'Kind of message', fr: 'Type de message' },
        {
          message: { en: 'message', fr: 'message' },
          'probe-alert': { en: 'alert of a probe', fr: 'alerte de sonde' },
          analysis: { en: 'lab result', fr: 'résultat d’analyse' },
        },
      ),
      ...letter,
      time('ReadAt', { en: 'Read at', fr: 'Lu le' }),
    ],
  ),
  synchro(
    'Tboil',
    { en: 'Frying oil checks', fr: 'Contrôles d’huile de friture' },
    text('OilName', { en: 'Oil', fr: 'Huile' }),
    percent('PolarPercent', { en: 'Polar compounds', fr: 'Composés polaires' }),
    temp,
    text('Action', { en: 'Action taken', fr: 'Action menée' }),
  ),
  synchro(
    'Tbplattemoin',
    { en: 'Reference samples kept', fr: 'Plats témoins conservés' },
    text('Dish', { en: 'Dish', fr: 'Plat' }),
    time('KeptUntil', { en: 'Kept until', fr: 'Conservé jusqu’au' }),
  ),
  synchro(
    'Tbproductiontemp',
    { en: 'Temperatures in production', fr: 'Températures de production' },
    productName,
    temp,
  ),
  synchro('Tbquestion', { en: 'Answers to questions', fr: 'Réponses aux questions' }, question, answer),
  synchro(
    'Tbrecette',
    { en: 'Recipes made', fr: 'Recettes réalisées' },
    text('RecipeName', { en: 'Recipe', fr: 'Recette' }),
    lotNumber,
    quantity,
    unit,
  ),
  synchro(
    'Tbrecetteingredient',
    { en: 'Ingredients of recipes', fr: 'Ingrédients des recettes' },
    integer('RecetteId', { en: 'Recipe made (Id)', fr: 'Recette réalisée (Id)' }),
    text('IngredientName', { en: 'Ingredient', fr: 'Ingrédient' }),
    lotNumber,
    quantity,
    unit,
  ),
  synchro(
    'Tbservicetemp',
    { en: 'Temperatures at service', fr: 'Températures au service' },
    productName,
    temp,
  ),
  synchro('Tbstockin', { en: 'Goods into stock', fr: 'Entrées en stock' }, ...delivery),
  synchro('Tbtracking', { en: 'Traceability', fr: 'Traçabilité' }, ...lot),
  synchro(
    'Tbtransferttemp',
    { en: 'Temperatures at transfer', fr: 'Températures au transfert' },
    productName,
    text('Destination', { en: 'Sent to', fr: 'Lieu de destination' }),
    temp,
  ),
  synchro('Tbwarming', { en: 'Reheatings', fr: 'Remises en température' }, productName, ...startToEnd),
  table(
    'Tbsondes',
    { en: 'Readings of probes', fr: 'Relevés des sondes' },
    { channel: 'sondes', series: 'ProbeId' },
    [
      text('ProbeId', { en: 'Probe', fr: 'Sonde' }),
      measuredAt,
      temperature('Temperature', { en: 'Temperature', fr: 'Température' }),
      { ...percent('Humidity', { en: 'Humidity', fr: 'Humidité' }), unit: '%RH' },
      percent('BatteryPercent', { en: 'Battery', fr: 'Pile' }),
      decimal('SignalDbm', { en: 'Signal', fr: 'Signal' }, { min: -200, max: 50, unit: 'dBm' }),
      integer('Sequence', { en: 'Sequence number', fr: 'Numéro d’ordre' }),
    ],
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

/** The tables whose rows may name a photo. */
export const tablesWithPhotos = logTables.filter(({ columns }) =>
  columns.some(({ name }) => name === 'PhotoName'),
);
