import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const analysis = {
  sample: 'Mousse',
  germ: 'Listeria',
  operator: '<',
  value: 10,
  unit: 'UFC/g',
  m: 10,
  M: 100,
};

test('a message is sent, listed and in the audit trail', async () => {
  const { solution } = await newKitchen(backoffice);
  const { call, email } = backoffice.admin;
  const sent = await call('POST', `/api/solutions/${solution}/messages`, {
    subject: ' Recall ',
    body: 'Lot 12',
  });
  expect(sent.status).toBe(201);
  expect(sent.json).toMatchObject({
    kind: 'message',
    sender: email,
    subject: 'Recall',
    body: 'Lot 12',
    deliveredAt: null,
    readAt: null,
  });
  const listed = await call('GET', `/api/solutions/${solution}/messages`);
  expect(listed.json).toEqual({ items: [sent.json], next: null });
  const audit = await call('GET', `/api/audit?solution=${solution}&action=message.send`);
  expect(audit.at('items', 0)).toMatchObject({ user: email, after: { subject: 'Recall' } });
});

test('messages are listed page by page, the newest first', async () => {
  const { solution } = await newKitchen(backoffice);
  const { call } = backoffice.admin;
  for (const subject of ['1', '2', '3'])
    await call('POST', `/api/solutions/${solution}/messages`, { subject, body: '-' });
  const first = await call('GET', `/api/solutions/${solution}/messages?limit=2`);
  expect(first.json).toMatchObject({ items: [{ subject: '3' }, { subject: '2' }] });
  const rest = await call('GET', `/api/solutions/${solution}/messages?cursor=${String(first.at('next'))}`);
  expect(rest.json).toMatchObject({ items: [{ subject: '1' }], next: null });
});

test.each([{}, { subject: '', body: 'x' }, { subject: 'x' }, { subject: 'x', body: 'a\0b' }, []])(
  '%j is not a message',
  async (body) => {
    const { solution } = await newKitchen(backoffice);
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/messages`, body);
    expect([answer.status, answer.at('code')]).toEqual([400, 'bad-request']);
  },
);

describe('lab results', () => {
  test('one is returned with its verdict', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/analyses`, analysis);
    expect(answer.status).toBe(201);
    expect(answer.json).toMatchObject({
      ...analysis,
      kind: 'analysis',
      verdict: 'satisfactory',
      isConform: true,
    });
  });

  test('several are accepted in their order', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/analyses`, [
      { ...analysis, operator: '=', value: 11 },
      { sample: 'Steak', germ: 'E. coli', value: '<1', M: 0 },
      { sample: 'Plan de travail', germ: 'Flore totale', value: '1 200,5', limitm: 10, LimitM: 100 },
    ]);
    expect(answer.json).toMatchObject({
      items: [
        { sample: 'Mousse', verdict: 'acceptable' },
        { sample: 'Steak', operator: '<', value: 1, m: 0, M: 0, verdict: 'satisfactory' },
        { sample: 'Plan de travail', operator: '=', value: 1200.5, verdict: 'unsatisfactory' },
      ],
    });
  });

  test.each([
    ['UTF-8', 'utf8'],
    ['windows-1252', 'latin1'],
  ] as const)('come as CSV in %s', async (_name, encoding) => {
    const { solution } = await newKitchen(backoffice);
    const csv =
      'Sample;Germ;Value;Unit;m;M;SampledAt\r\nCrème;E. coli;<10;UFC/g;10;100;2026-11-18\r\nPâté;Salmonella;1;;0;;\r\n';
    const answer = await fetch(`${backoffice.url}/api/solutions/${solution}/analyses`, {
      method: 'POST',
      headers: { authorization: `Bearer ${backoffice.admin.token}`, 'content-type': 'text/csv' },
      body: Buffer.from(csv, encoding),
    });
    expect(answer.status).toBe(201);
    expect(await answer.json()).toMatchObject({
      items: [
        { sample: 'Crème', verdict: 'satisfactory', measuredAt: '2026-11-18T00:00:00.000Z' },
        { sample: 'Pâté', unit: null, verdict: 'unsatisfactory' },
      ],
    });
  });

  test('are accepted all or none, and every mistake is named', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/analyses`, [
      analysis,
      { ...analysis, value: -1 },
      { ...analysis, germ: '', m: 1000 },
      { sample: 'x', germ: 'y', value: 1 },
      { ...analysis, mood: 'good' },
    ]);
    expect([answer.status, answer.at('code')]).toEqual([422, 'invalid-fields']);
    expect(JSON.stringify(answer.at('problems'))).toMatch(/1\.value.*2\.germ.*3\.m.*4\.analysis/);
    expect((await backoffice.admin.call('GET', `/api/solutions/${solution}/messages`)).at('items')).toEqual(
      [],
    );
  });

  test.each([
    [{ value: 'Absence dans 25 g' }, 'absence', 25, 'g', 'satisfactory'],
    [{ operator: 'absence', quantity: 25, unit: 'g' }, 'absence', 25, 'g', 'satisfactory'],
    [{ value: 'not detected', unit: '/25 g' }, 'absence', 25, 'g', 'satisfactory'],
    [{ value: 'Non détecté', m: 'Absence dans 25 g' }, 'absence', null, null, 'satisfactory'],
    [{ value: 'NON DÉTECTÉE /0,1 mL'.normalize('NFD') }, 'absence', 0.1, 'mL', 'satisfactory'],
    [{ value: 'Présence dans 25g' }, 'presence', 25, 'g', 'unsatisfactory'],
    [{ value: 'Detected', quantity: 10, unit: 'g' }, 'presence', 10, 'g', 'unsatisfactory'],
  ])(
    'that were not counted, %j, are taken as laboratories write them',
    async (given, operator, quantity, unit, verdict) => {
      const { solution } = await newKitchen(backoffice);
      const body = { sample: 'Steak haché', germ: 'Salmonella', ...given };
      const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/analyses`, body);
      expect(answer.json).toMatchObject({ operator, value: null, quantity, unit, m: null, M: null, verdict });
      expect(answer.at('body')).toMatch(operator === 'absence' ? /not detected/ : /: detected/);
      expect(
        (await backoffice.admin.call('GET', `/api/solutions/${solution}/messages`)).at('items', 0),
      ).toEqual(answer.json);
    },
  );

  test.each([
    { value: 'maybe' },
    {},
    { quantity: 25, m: 1 },
    { value: 'Absence dans' },
    { value: 'present 25' },
  ])('that say nothing, %j, are refused', async (given) => {
    const { solution } = await newKitchen(backoffice);
    const body = { sample: 'Steak', germ: 'Salmonella', m: 0, ...given };
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/analyses`, body);
    expect([answer.status, answer.at('code')]).toEqual([422, 'invalid-fields']);
  });

  test('a table without rows is refused', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await backoffice.call('POST', `/api/solutions/${solution}/analyses`, {
      headers: { authorization: `Bearer ${backoffice.admin.token}`, 'content-type': 'text/csv' },
      body: '',
    });
    expect(answer.status).toBe(422);
  });
});
