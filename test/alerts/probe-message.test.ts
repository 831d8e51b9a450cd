import type { ProbeAlertKind } from '../../shared/domain/probe-alert';
import type { ProbeEvent } from '../../shared/domain/probe-event';
import { type HappenedToProbe, probeMessage } from '../../worker/alerts/probe-message';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, steady } from './probes';

const limits: Record<ProbeAlertKind, Pick<HappenedToProbe, 'limit' | 'worst'>> = {
  high: { limit: 4, worst: 15.42 },
  low: { limit: -18.5, worst: -31 },
  'signal-lost': { limit: null, worst: null },
  'low-battery': { limit: 20, worst: 9 },
};

const happened = (kind: ProbeAlertKind, event: ProbeEvent): HappenedToProbe => ({
  kind,
  event,
  at: new Date('2026-11-16T11:05:00Z'),
  since: new Date('2026-11-16T08:45:00Z'),
  probeId: 'S11',
  fridgeName: 'Timbre cuisson',
  timezone: 'Europe/Paris',
  ...limits[kind],
});

const inEnglish = (kind: ProbeAlertKind, event: ProbeEvent) => probeMessage('en', happened(kind, event));
const inFrench = (kind: ProbeAlertKind, event: ProbeEvent) => probeMessage('fr', happened(kind, event));

test.each<[ProbeAlertKind, ProbeEvent, string, string]>([
  [
    'high',
    'opened',
    'too warm',
    'Above its upper limit of 4 °C since 16 Nov 2026, 09:45. Highest: 15.42 °C.',
  ],
  [
    'high',
    'escalated',
    'still too warm',
    'Still above its upper limit of 4 °C, since 16 Nov 2026, 09:45. Highest: 15.42 °C.',
  ],
  [
    'high',
    'closed',
    'within its limits again',
    'It was above its upper limit of 4 °C from 16 Nov 2026, 09:45 to 16 Nov 2026, 12:05. Highest: 15.42 °C.',
  ],
  [
    'low',
    'opened',
    'too cold',
    'Below its lower limit of -18.5 °C since 16 Nov 2026, 09:45. Lowest: -31 °C.',
  ],
  ['signal-lost', 'opened', 'no signal', 'No reading since 16 Nov 2026, 09:45.'],
  [
    'signal-lost',
    'closed',
    'the signal is back',
    'No reading came from 16 Nov 2026, 09:45 to 16 Nov 2026, 12:05.',
  ],
  ['low-battery', 'escalated', 'battery nearly empty', 'The battery is at 9%. Please change it now.'],
  [
    'low-battery',
    'closed',
    'battery well again',
    'The battery was low from 16 Nov 2026, 09:45 to 16 Nov 2026, 12:05. Lowest: 9%.',
  ],
])('in English, %s, %s', (kind, event, what, body) => {
  expect(inEnglish(kind, event)).toEqual({ subject: `Timbre cuisson (S11): ${what}`, body });
});

test.each<[ProbeAlertKind, ProbeEvent, string, string]>([
  [
    'high',
    'opened',
    'trop chaud',
    'Au-dessus de sa limite haute de 4 °C depuis le 16 nov. 2026 à 09:45. Maximum : 15,42 °C.',
  ],
  [
    'high',
    'closed',
    'de nouveau dans ses limites',
    'Du 16 nov. 2026 à 09:45 au 16 nov. 2026 à 12:05, au-dessus de sa limite haute de 4 °C. Maximum : 15,42 °C.',
  ],
  [
    'low',
    'escalated',
    'toujours trop froid',
    'Toujours au-dessous de sa limite basse de -18,5 °C, depuis le 16 nov. 2026 à 09:45. Minimum : -31 °C.',
  ],
  [
    'signal-lost',
    'escalated',
    'toujours pas de signal',
    'Toujours aucun relevé depuis le 16 nov. 2026 à 09:45.',
  ],
  [
    'signal-lost',
    'closed',
    'le signal est revenu',
    'Aucun relevé n’est venu du 16 nov. 2026 à 09:45 au 16 nov. 2026 à 12:05.',
  ],
  ['low-battery', 'opened', 'batterie faible', 'La batterie est à 9 %. À changer bientôt.'],
])('in French, %s, %s', (kind, event, what, body) => {
  expect(inFrench(kind, event)).toEqual({ subject: `Timbre cuisson (S11) : ${what}`, body });
});

test('each sentence is one, whatever an alert does not say', () => {
  for (const kind of Object.keys(limits) as ProbeAlertKind[])
    for (const event of ['opened', 'escalated', 'closed'] as const)
      for (const language of ['en', 'fr'] as const) {
        const bare = {
          ...happened(kind, event),
          limit: null,
          worst: null,
          fridgeName: null,
          timezone: 'Mars/Base',
        };
        const { subject, body } = probeMessage(language, bare);
        expect(subject).toMatch(/^(Probe|Sonde) S11 ?: [a-z]/);
        expect(body).toMatch(/^\p{Lu}.*[.]$/u);
        expect(body).not.toMatch(/ {2}|null|undefined/);
      }
});

describe('in a kitchen', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  test('messages about readings are in the requested language', async () => {
    const kitchen = await openProbeKitchen(database.db, undefined, 'fr');
    await kitchen.fridge('P1');
    await kitchen.send([...steady(0, 40, 7.5), { at: 45, temp: 3 }]);
    expect(await kitchen.told()).toEqual([
      'Fridge P1 (P1) : trop chaud',
      'Fridge P1 (P1) : de nouveau dans ses limites',
    ]);
  });

  test('an invalid time zone does not prevent the message', async () => {
    const kitchen = await openProbeKitchen(database.db);
    await kitchen.fridge('P1');
    await database.db('solution').where({ id: kitchen.solutionId }).update({ timezone: 'Mars/Base' });
    await kitchen.send(steady(0, 40, 7.5));
    expect(await kitchen.told()).toHaveLength(1);
  });
});
