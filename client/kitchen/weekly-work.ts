import { round } from './cold-room';
import { correctiveActions, surfaces } from './french-kitchen';
import { minutesAfter, type Planner } from './planner';

/** Weekly work: frying oil, thermometers, the manager's round, raw fish. */
export function monday(planner: Planner): void {
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

/** Weekly work: oil again, swabs, the weekly report. */
export function thursday(planner: Planner): void {
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
