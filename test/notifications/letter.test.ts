import type { NotificationType } from '../../shared/domain/notification';
import type { ClaimedNotification } from '../../shared/stores/notifications/notification-store';
import { letterOf } from '../../worker/notifications/letter';

const about = (event: NotificationType, facts: ClaimedNotification['facts']): ClaimedNotification => ({
  id: '1',
  event,
  occurredAt: new Date('2026-11-20T06:31:00Z'),
  facts,
  attempts: 1,
  solution: {
    id: 7,
    name: 'Le Bouchon',
    mail: 'cuisine@bouchon.example',
    timezone: 'Europe/Paris',
    accountId: 3,
    accountName: 'Bouchons SA',
  },
  target: {
    id: 1,
    kind: 'email',
    address: 'chef@example.org',
    language: 'fr',
    secrets: [],
    events: [event === 'test' || event === 'confirm-address' ? 'sync-failed' : event],
    accountName: 'Bouchons SA',
  },
});

const french = (event: NotificationType, facts: ClaimedNotification['facts']) =>
  letterOf([about(event, facts)], 'fr', null).text;

describe('a letter in French', () => {
  test('names classes as people call them', () => {
    const facts = { className: 'Fridges', kind: 'deletes', entities: 12 };
    expect(french('approval-waiting', facts)).toContain(
      'Enceintes froides\u00a0: 12 suppressions attendent une décision.',
    );
  });

  test('says what is wrong with a probe', () => {
    const facts = { fridge: 'Vitrine', probe: 'P2', kind: 'signal-lost' };
    expect(french('probe-alert', facts)).toContain('Vitrine · P2 · signal perdu');
  });

  test('says why a sync failed; of one that failed before this was kept, in English', () => {
    const facts = { channel: 'photos', reason: 'It failed.' };
    const why = { reasonCode: 'attempts-used-up', reasonValues: { attempts: 1 } };
    expect(french('sync-failed', { ...facts, ...why })).toContain(
      'Canal\u00a0: photos\nL’envoi n’a pas pu être traité en 1 tentative.',
    );
    expect(french('sync-failed', facts)).toContain('It failed.');
    expect(french('sync-failed', { ...facts, reasonCode: 'constructor', reasonValues: 7 })).toContain(
      'It failed.',
    );
  });

  test('says why a pair stands still, with the exact words of the server', () => {
    const refused = { reasonCode: 'system-refuses-us', reasonValues: {}, detail: '401: invalid key' };
    expect(
      french('pair-paused', { pair: 'b', system: 'espo', reason: 'unauthorized', ...refused }),
    ).toContain(
      'espo\nLe système refuse notre accès. Corrigez ses identifiants, puis reprenez.\n401: invalid key\n',
    );
    const secrets = { reasonCode: 'secrets-without-value', reasonValues: { names: ['${KEY}'] } };
    const paused = french('pair-paused', {
      pair: 'b',
      reason: 'secrets',
      detail: '${KEY} has no value.',
      ...secrets,
    });
    expect(paused).toContain('Le secret ${KEY} n’a pas de valeur.');
    expect(paused).not.toContain('has no value');
    // An earlier version noted no code.
    expect(french('pair-paused', { pair: 'b', reason: 'fields', detail: 'espo lacks betnr' })).toContain(
      'espo lacks betnr',
    );
  });

  test('says why something was given up, and after how many attempts', () => {
    const why = { reasonCode: 'changed-again-and-again', reasonValues: {} };
    const facts = { pair: 'b', key: '17', attempts: 5, reason: 'it was changed again and again' };
    expect(french('entity-given-up', { ...facts, ...why })).toContain(
      '17\nLa fiche n’a cessé d’être modifiée pendant sa synchronisation.\nAbandon après 5 tentatives.\n',
    );
    const said = french('entity-given-up', { ...facts, attempts: 0, reason: 'vorname is not valid' });
    expect(said).toContain('17\nvorname is not valid\n');
    expect(said).not.toContain('tentative');
  });

  test('says which fields of a pair conflict, and what waits for an approval', () => {
    expect(
      french('conflict-waiting', { pair: 'b', key: '17', kind: 'fields', fields: ['lastName', 'tel'] }),
    ).toContain('17\nLes deux côtés ont modifié les mêmes champs\u00a0: lastName, tel\n');
    expect(french('conflict-waiting', { pair: 'b', key: '17', kind: 'match', fields: [] })).toContain(
      'Plusieurs fiches pourraient être la même\n',
    );
    expect(french('approval-waiting', { pair: 'b', kind: 'deletions' })).toContain(
      'Des suppressions attendent une décision.',
    );
  });

  test('shows unknown events as they are', () => {
    const facts = { className: '__proto__', kind: 'toString', probe: 'P2' };
    expect(french('probe-alert', facts)).toContain('P2 · toString');
    expect(french('approval-waiting', facts)).toContain('__proto__');
  });
});
