import { type FakePair, openFakePair } from './fake-pair';

// The behaviours that an office relies on, on the fakes of both systems, by the connectors and the engine.

let pair: FakePair;
afterEach(() => pair.end());

const person = { lastName: 'Meier', firstName: 'Zoë', dateOfBirth: '1975-06-07', salutationName: 'Ms.' };

async function linkedPair(): Promise<{ id: string; betNr: number }> {
  pair = await openFakePair();
  const { id } = pair.espo.add('CBeteiligte', person);
  await pair.run('whole');
  const [row] = pair.advowareRows();
  pair.calls();
  return { id, betNr: Number(row?.['betNr']) };
}

describe('EspoCRM and Advoware', () => {
  test('a creation costs one POST, one read and one combined write-back of betnr, rowId and status', async () => {
    pair = await openFakePair();
    await pair.run('whole');
    const { id } = pair.espo.add('CBeteiligte', person);
    pair.calls();
    await pair.mention(id);
    const [row] = pair.advowareRows();
    expect(row).toMatchObject({
      name: 'Meier',
      vorname: 'Zoë',
      geburtsdatum: '1975-06-07T00:00:00',
      anrede: 'Frau',
    });
    expect(pair.beteiligte()).toMatchObject([
      { betnr: String(row?.['betNr']), advowareRowId: row?.['rowId'], syncStatus: 'clean' },
    ]);
    const calls = pair.calls();
    expect(calls.advoware.filter((call) => call.startsWith('POST'))).toEqual(['POST /Beteiligte']);
    expect(calls.advoware.filter((call) => /GET .*\d$/.test(call))).toHaveLength(1);
    expect(calls.espo.filter((call) => call.startsWith('PUT'))).toEqual([`PUT /CBeteiligte/${id}`]);
  });

  test('a record that is created in Advoware is created in EspoCRM with its sync key and its betnr', async () => {
    pair = await openFakePair();
    const betNr = pair.advoware.add({ name: 'Yilmaz', geburtsdatum: '1992-11-30T00:00:00', anrede: 'Herr' });
    await pair.run('whole');
    const [made] = pair.beteiligte();
    expect(made).toMatchObject({ lastName: 'Yilmaz', dateOfBirth: '1992-11-30', salutationName: 'Mr.' });
    expect(made).toMatchObject({ betnr: String(betNr), syncStatus: 'clean' });
    expect(made?.['syncKey']).toEqual(expect.any(String));
  });

  test('an update costs one read and one write there, and the new rowId is written back', async () => {
    const { id, betNr } = await linkedPair();
    pair.espo.edit('CBeteiligte', id, { lastName: 'Meier-Schulz' });
    await pair.mention(id);
    expect(pair.advoware.rows.get(betNr)).toMatchObject({ name: 'Meier-Schulz', vorname: 'Zoë' });
    const calls = pair.calls();
    expect(calls.advoware).toEqual([`GET /Beteiligte/${betNr}`, `PUT /Beteiligte/${betNr}`]);
    expect(pair.beteiligte()[0]?.['advowareRowId']).toBe(pair.advoware.rows.get(betNr)?.['rowId']);
  });

  test('two runs without a change in the systems write nothing', async () => {
    await linkedPair();
    await pair.run();
    await pair.run('whole');
    const { espo, advoware } = pair.calls();
    expect([...espo, ...advoware].filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  test('the scheduled sync_check finds changes that no webhook reported', async () => {
    const { id, betNr } = await linkedPair();
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    pair.advoware.edit(betNr, { bemerkung: 'ruft zurück' });
    await pair.run('check');
    expect(pair.advoware.rows.get(betNr)).toMatchObject({ vorname: 'Zoe', bemerkung: 'ruft zurück' });
    expect(pair.beteiligte()[0]).toMatchObject({ firstName: 'Zoe', description: 'ruft zurück' });
  });

  test('each group of fields in a conflict has its own winner, and no other change is lost', async () => {
    const { id, betNr } = await linkedPair();
    pair.espo.edit('CBeteiligte', id, { lastName: 'Here', description: 'von hier' });
    pair.advoware.edit(betNr, { name: 'There', bemerkung: 'von dort' });
    await pair.run();
    expect(pair.beteiligte()[0]).toMatchObject({ lastName: 'Here' });
    expect(pair.advoware.rows.get(betNr)).toMatchObject({ name: 'Here' });
    const notes = pair.beteiligte()[0]?.['description'];
    expect(notes).toContain('von hier');
    expect(notes).toContain('von dort');
    expect(pair.advoware.rows.get(betNr)?.['bemerkung']).toBe(notes);
  });

  test('a record that is deleted in Advoware stays in EspoCRM with a mark', async () => {
    const { betNr } = await linkedPair();
    pair.advoware.remove(betNr);
    await pair.run('whole');
    expect(pair.beteiligte()).toMatchObject([{ lastName: 'Meier', syncStatus: 'deleted_in_advoware' }]);
    await pair.run('whole');
    expect(pair.advowareRows()).toEqual([]);
  });

  test('a refused record is given up with its reason, stops no other record, and is synchronised once it is corrected', async () => {
    pair = await openFakePair();
    const doctor = pair.espo.add('CBeteiligte', { ...person, salutationName: 'Dr.' });
    pair.espo.add('CBeteiligte', { ...person, lastName: 'Okafor' });
    await pair.run('whole');
    expect(pair.advowareRows()).toMatchObject([{ name: 'Okafor' }]);
    const jobs = await pair.rows(`select state, error from link_job where state = 'given-up'`);
    expect(jobs).toMatchObject([{ error: expect.stringContaining('salutationName') as string }]);
    pair.espo.edit('CBeteiligte', doctor.id, { salutationName: 'Ms.' });
    await pair.run();
    expect(pair.advowareRows()).toHaveLength(2);
  });

  test('a crash between the POST and its record in our database creates one record', async () => {
    pair = await openFakePair();
    await pair.run('whole');
    const { id } = pair.espo.add('CBeteiligte', person);
    pair.advoware.http.faults.push({
      fits: ({ method, path }) => method === 'POST' && !path.includes('Token'),
      losesAnswer: true,
    });
    await pair.mention(id);
    await pair.restart();
    await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
    await pair.settle();
    expect(pair.advowareRows()).toHaveLength(1);
    expect(pair.beteiligte()).toMatchObject([{ syncStatus: 'clean' }]);
  });

  test('a crash between its record in our database and the write-back does not prevent the write-back', async () => {
    pair = await openFakePair();
    await pair.run('whole');
    const { id } = pair.espo.add('CBeteiligte', person);
    pair.espo.http.faults.push({ fits: ({ method }) => method === 'PUT', answer: { status: 500 } });
    await pair.mention(id);
    await pair.database.db.raw(
      `update link_job set state = 'running' where state = 'failed'; update link_job set hint = null, attempts = 0, run_after = now()`,
    );
    await pair.restart();
    await pair.settle();
    expect(pair.advowareRows()).toHaveLength(1);
    expect(pair.beteiligte()).toMatchObject([
      { syncStatus: 'clean', betnr: String(pair.advowareRows()[0]?.['betNr']) },
    ]);
    expect(await pair.rows('select id from link where intent is not null')).toEqual([]);
  });

  test('a crash between the POST in EspoCRM and its record in our database creates one record', async () => {
    pair = await openFakePair();
    pair.advoware.add({ name: 'Yilmaz', anrede: 'Herr' });
    pair.espo.http.faults.push({ fits: ({ method }) => method === 'POST', losesAnswer: true });
    await pair.run('whole');
    await pair.restart();
    await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
    await pair.settle();
    expect(pair.beteiligte()).toMatchObject([{ lastName: 'Yilmaz', syncStatus: 'clean' }]);
  });

  test('a field that the entity type lacks pauses the pair, and nothing is written', async () => {
    pair = await openFakePair((text) => text.replace('here: phoneNumber', 'here: nowhere'));
    pair.espo.add('CBeteiligte', person);
    await pair.run('whole');
    expect(await pair.rows('select paused_reason from pair')).toMatchObject([
      { paused_reason: expect.stringMatching(/^fields: ./) as string },
    ]);
    const { espo, advoware } = pair.calls();
    expect([...espo, ...advoware].filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  test('a 401 pauses the system after one call', async () => {
    const { id } = await linkedPair();
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    pair.espo.http.faults.push({ times: 99, answer: { status: 401 } });
    await pair.run();
    expect(await pair.rows(`select state from remote_system where name = 'espo'`)).toEqual([
      { state: 'paused' },
    ]);
    expect(pair.espo.http.calls).toHaveLength(1);
  });
});
