import { randomUUID } from 'node:crypto';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createStatusStore } from '../../shared/stores/syncs/status-store';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen, newQuarantined, newSync, setStatut, unpackedOf } from './fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

const counts = { inserted: 0, updated: 0, deleted: 0, unchanged: 0, conflicts: 0, held: 0, rejected: 0 };
const reported = '11111111-1111-4111-8111-111111111111';
const report = (sync: string) => ({
  sync,
  outcome: 'processed',
  params: { Fridges: { ...counts, inserted: 2, conflicts: 1, rejected: 1 } },
  logs: { Tbfridge: { inserted: 10, duplicates: 3, rejected: 2 } },
  photos: { inserted: 1, duplicates: 0, rejected: 0 },
  rejections: [
    { file: 'csv/Tbfridge.csv', line: 3, id: '7', code: 'bad-value', reason: 'Temp: not a number' },
  ],
  ignored: [],
});
const upload = [
  { name: 'xml/Fridges.xml', content: '<ArrayOfDefFridges></ArrayOfDefFridges>' },
  { name: 'csv/Tbfridge.csv', content: 'Id,Temp\r\n1,3.5\r\n' },
];
const statusOf = (solution: string, channel: 'synchro' | 'photos' = 'synchro') =>
  createStatusStore(backoffice.db).read({ solutionId: Number(solution), channel });
const jobsOf = (syncId: string) => backoffice.db('job').where({ sync_id: syncId }).select('state', 'lane');

describe('the syncs of a solution', () => {
  test('come newest first, with their state and what they did', async () => {
    const { solution } = await newKitchen(backoffice);
    const old = await newSync(backoffice, solution, { ageSeconds: 200, report: report(reported) });
    const young = await newSync(backoffice, solution, {
      ageSeconds: 100,
      state: 'queued',
      channel: 'sondes',
    });
    const listed = await admin.call('GET', `/api/solutions/${solution}/syncs`);
    expect(listed.at('items')).toMatchObject([
      { sync: young, solution, channel: 'sondes', state: 'queued', counts: null, outcome: null },
      {
        sync: old,
        state: 'confirmed',
        outcome: 'processed',
        counts: { inserted: 13, updated: 0, duplicates: 3, conflicts: 1, rejected: 3 },
      },
    ]);
    expect(listed.text).not.toContain('Temp: not a number');
    const sondes = await admin.call('GET', `/api/solutions/${solution}/syncs?channel=sondes`);
    expect(sondes.at('items')).toMatchObject([{ sync: young }]);
    const done = await admin.call('GET', `/api/solutions/${solution}/syncs?state=confirmed`);
    expect(done.at('items')).toMatchObject([{ sync: old }]);
  });
});

describe('one sync', () => {
  test('shows every step with its time, and the report', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { report: report(reported), upload });
    await backoffice
      .db('sync_event')
      .insert({ sync_id: syncId, step: 'attempt-failed', detail: 'the disk was full' });
    const shown = await admin.call('GET', `/api/syncs/${syncId}`);
    const timeline = shown.at('timeline') as { step: string; at: string; detail: string | null }[];
    expect(timeline.map(({ step }) => step)).toEqual([
      'received',
      'queued',
      'processing',
      'processed',
      'confirmed',
      'attempt-failed',
    ]);
    expect(timeline.at(-1)?.detail).toBe('the disk was full');
    expect(shown.json).toMatchObject({
      sync: syncId,
      solution,
      state: 'confirmed',
      report: report(reported),
    });
    expect(shown.text).not.toMatch(/uploads\/|packages\//);
  });

  test('gives its upload and its instructions', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { upload, instructions: 'PK instructions' });
    const sent = await admin.call('GET', `/api/syncs/${syncId}/package`);
    expect(sent.status).toBe(200);
    expect(sent.headers.get('content-type')).toBe('application/zip');
    expect(sent.headers.get('content-disposition')).toBe(`attachment; filename="${syncId}.zip"`);
    expect(sent.text.startsWith('PK')).toBe(true);
    const answered = await admin.call('GET', `/api/syncs/${syncId}/instructions`);
    expect(answered.text).toBe('PK instructions');
  });

  test('whose files retention has removed says 404 for them', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution);
    expect((await admin.call('GET', `/api/syncs/${syncId}/package`)).status).toBe(404);
    expect((await admin.call('GET', `/api/syncs/${syncId}/instructions`)).status).toBe(404);
  });

  test.each([randomUUID(), 'x', '00000000-0000-0000-0000-000000000000', "' or 1=1"])(
    'that is not there is 404: %s',
    async (id) => {
      expect((await admin.call('GET', `/api/syncs/${encodeURIComponent(id)}`)).status).toBe(404);
    },
  );
});

describe('replaying a sync', () => {
  test('begins a new sync with the same files, a job and its own copy of the upload', async () => {
    const { solution } = await newKitchen(backoffice);
    const old = await newSync(backoffice, solution, { upload });
    const answer = await admin.call('POST', `/api/syncs/${old}/replay`);
    expect(answer.status).toBe(202);
    const syncId = String(answer.at('sync'));
    expect(answer.json).toEqual({ sync: syncId, statut: '1' });
    expect(syncId).not.toBe(old);
    expect(await statusOf(solution)).toMatchObject({ statut: 1, syncId });
    expect(await jobsOf(syncId)).toEqual([{ state: 'queued', lane: 'small' }]);
    await backoffice.files.remove(`uploads/${old}`);
    expect(await unpackedOf(backoffice, syncId)).toEqual({
      'xml/Fridges.xml': upload[0]?.content,
      'csv/Tbfridge.csv': upload[1]?.content,
    });
    expect((await admin.call('GET', `/api/syncs/${syncId}/package`)).status).toBe(200);
    const timeline = (await admin.call('GET', `/api/syncs/${syncId}`)).at('timeline') as { detail: string }[];
    expect(timeline.map(({ detail }) => detail)).toContain(`of sync ${old}, by ${admin.email}`);
    const trail = await admin.call('GET', `/api/audit?solution=${solution}&action=sync.replay`);
    expect(trail.at('items', 0)).toMatchObject({ before: { sync: old }, after: { sync: syncId } });
  });

  test('honours no flag: the solution did not answer one', async () => {
    const { solution } = await newKitchen(backoffice);
    const old = await newSync(backoffice, solution, { upload });
    await admin.call('PUT', `/api/solutions/${solution}/channels/synchro/flags/resend-params`);
    await admin.call('POST', `/api/syncs/${old}/replay`);
    expect((await admin.call('GET', `/api/solutions/${solution}`)).at('flags', 0, 'sync')).toBeNull();
  });

  test('is refused while the channel is not at 0', async () => {
    const { solution } = await newKitchen(backoffice);
    const old = await newSync(backoffice, solution, { upload });
    await setStatut(backoffice, solution, 'synchro', 2, old);
    const answer = await admin.call('POST', `/api/syncs/${old}/replay`);
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ code: 'wrong-status', statut: '2' });
  });

  test('twice at once happens once', async () => {
    const { solution } = await newKitchen(backoffice);
    const old = await newSync(backoffice, solution, { upload });
    const replay = () => admin.call('POST', `/api/syncs/${old}/replay`);
    const answers = await Promise.all([replay(), replay(), replay()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 403, 403]);
    expect(await backoffice.db('sync').where({ solution_id: solution }).count()).toEqual([{ count: '2' }]);
  });

  test('of an upload that is not kept, or cannot be unpacked, leaves the channel at 0', async () => {
    const { solution } = await newKitchen(backoffice);
    const gone = await newSync(backoffice, solution);
    const refused = await admin.call('POST', `/api/syncs/${gone}/replay`);
    expect([refused.status, refused.at('code')]).toEqual([409, 'not-replayable']);
    const broken = await newSync(backoffice, solution, { upload });
    await backoffice.files.write(`uploads/${broken}/archive.zip`, Buffer.from('PK no zip at all'));
    expect((await admin.call('POST', `/api/syncs/${broken}/replay`)).status).toBe(415);
    expect(await statusOf(solution)).toMatchObject({ statut: 0 });
    expect(await backoffice.db('sync').where({ solution_id: solution }).count()).toEqual([{ count: '2' }]);
  });

  test('is not for viewers', async () => {
    const { account, solution } = await newKitchen(backoffice);
    const viewer = await backoffice.signIn('viewer', [account]);
    const old = await newSync(backoffice, solution, { upload });
    expect((await viewer.call('POST', `/api/syncs/${old}/replay`)).status).toBe(403);
  });
});

describe('quarantine', () => {
  const row = {
    kind: 'row',
    file: 'csv/Tbfridge.csv',
    subject: 'Tbfridge',
    header: 'Id;Temp\r\n',
    raw: '7;warm\r\n',
  } as const;

  /** Something refused of a new kitchen, the way back to it, and what a replay of it would process. */
  async function refuse(item: Parameters<typeof newQuarantined>[3], sent = upload) {
    const { account, solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution, { upload: sent, channel: item.channel ?? 'synchro' });
    const id = await newQuarantined(backoffice, solution, syncId, item);
    const replay = async (body?: object) => {
      const answer = await admin.call('POST', `/api/quarantine/${id}/replay`, body);
      const files = answer.status === 202 ? await unpackedOf(backoffice, String(answer.at('sync'))) : {};
      return { answer, files };
    };
    return { account, solution, syncId, id, replay };
  }

  test('lists what waits, with its raw text and reason, by solution, sync and state', async () => {
    const { solution, syncId, id } = await refuse(row);
    const listed = await admin.call('GET', `/api/quarantine?solution=${solution}`);
    expect(listed.at('items')).toMatchObject([
      {
        id,
        solution,
        sync: syncId,
        state: 'open',
        raw: '7;warm\r\n',
        header: 'Id;Temp\r\n',
        code: 'bad-value',
      },
    ]);
    expect((await admin.call('GET', `/api/quarantine?sync=${syncId}`)).at('items')).toHaveLength(1);
    const discarded = await admin.call('GET', `/api/quarantine?solution=${solution}&state=discarded`);
    expect(discarded.at('items')).toEqual([]);
  });

  test('a discarded item leaves the list, once, and is recorded in the audit trail', async () => {
    const { solution, id } = await refuse(row);
    expect((await admin.call('POST', `/api/quarantine/${id}/discard`)).status).toBe(204);
    expect((await admin.call('POST', `/api/quarantine/${id}/discard`)).at('code')).toBe('already-decided');
    expect((await admin.call('POST', `/api/quarantine/${id}/replay`)).at('code')).toBe('already-decided');
    expect((await admin.call('GET', `/api/quarantine?solution=${solution}`)).at('items')).toEqual([]);
    const all = await admin.call('GET', `/api/quarantine?solution=${solution}&state=all`);
    expect(all.at('items', 0)).toMatchObject({ state: 'discarded', decidedBy: admin.email });
    const trail = await admin.call('GET', `/api/audit?solution=${solution}`);
    expect(trail.at('items', 0)).toMatchObject({ action: 'quarantine.discarded', before: { id } });
  });

  test('a replayed row is processed alone, as it was sent', async () => {
    const { solution, id, replay } = await refuse(row);
    const { answer, files } = await replay();
    expect(answer.status).toBe(202);
    expect(files).toEqual({ 'csv/Tbfridge.csv': 'Id;Temp\r\n7;warm\r\n' });
    expect(await statusOf(solution)).toMatchObject({ statut: 1, syncId: answer.at('sync') });
    expect(await jobsOf(String(answer.at('sync')))).toHaveLength(1);
    const all = await admin.call('GET', `/api/quarantine?solution=${solution}&state=replayed`);
    expect(all.at('items', 0, 'id')).toBe(id);
  });

  test.each(['text', 'raw'])('a replayed row may be corrected, in the member %s', async (member) => {
    const { solution, replay } = await refuse(row);
    const { files } = await replay({ [member]: '7;3,5' });
    expect(files).toEqual({ 'csv/Tbfridge.csv': 'Id;Temp\r\n7;3,5\r\n' });
    const trail = await admin.call('GET', `/api/audit?solution=${solution}`);
    expect(trail.at('items', 0)).toMatchObject({
      action: 'quarantine.replayed',
      after: { isCorrected: true },
    });
  });

  test('a replayed entity is in a document of its class', async () => {
    const entity = {
      kind: 'entity',
      file: 'xml/Fridges.xml',
      subject: 'Fridges',
      raw: '<DefFridges><Id>1</Id></DefFridges>',
    } as const;
    const { replay } = await refuse(entity);
    const { files } = await replay({ text: '<DefFridges><Id>1</Id><Name>Été</Name></DefFridges>' });
    expect(files['xml/Fridges.xml']).toMatch(
      /^<\?xml version="1.0" encoding="utf-8"\?>\n<ArrayOfDefFridges [^>]*>\n<DefFridges><Id>1<\/Id><Name>Été<\/Name><\/DefFridges>\n<\/ArrayOfDefFridges>\n$/,
    );
  });

  test('an entity of which only the beginning was kept needs its corrected text', async () => {
    const entity = {
      kind: 'entity',
      file: 'xml/Fridges.xml',
      subject: 'Fridges',
      code: 'too-large',
      raw: '<DefF',
    } as const;
    const { answer } = await (await refuse(entity)).replay();
    expect(answer.at('code')).toBe('not-replayable');
  });

  test('a replayed file is the one that was sent, or the corrected text in UTF-8', async () => {
    const file = { kind: 'file', file: 'xml/Fridges.xml', subject: 'Fridges' } as const;
    const asSent = await (await refuse(file)).replay();
    expect(asSent.files).toEqual({ 'xml/Fridges.xml': upload[0]?.content });
    const text = '<?xml version="1.0" encoding="windows-1252"?><ArrayOfDefFridges>é</ArrayOfDefFridges>';
    const corrected = await (await refuse(file)).replay({ text });
    expect(corrected.files).toEqual({ 'xml/Fridges.xml': `\uFEFF${text}` });
  });

  test('a replayed photo is alone in its upload: its list was stored when it arrived', async () => {
    const sent = [
      { name: 'photos/a.jpg', content: 'not really a photo' },
      { name: 'photos/b.jpg', content: 'another' },
      { name: 'CSV/photos.csv', content: 'Name,Table\r\na.jpg,Tbfridge\r\n' },
    ];
    const photo = { kind: 'photo', file: 'photos/a.jpg', channel: 'photos' } as const;
    const { files } = await (await refuse(photo, sent)).replay();
    expect(files).toEqual({ 'photos/a.jpg': sent[0]?.content });
    const corrected = await (await refuse(photo, sent)).replay({ text: 'x' });
    expect(corrected.answer.at('code')).toBe('invalid-fields');
  });

  test('a replay while the channel is not at 0 changes nothing', async () => {
    const { solution, syncId, replay } = await refuse(row);
    await setStatut(backoffice, solution, 'synchro', 1, syncId);
    const { answer } = await replay();
    expect(answer.json).toMatchObject({ status: 403, code: 'wrong-status', statut: '1' });
    expect((await admin.call('GET', `/api/quarantine?solution=${solution}`)).at('items')).toHaveLength(1);
  });

  test('replayed twice at once it is processed once', async () => {
    const { solution, replay } = await refuse(row);
    const answers = await Promise.all([replay(), replay()]);
    expect(answers.filter(({ answer }) => answer.status === 202)).toHaveLength(1);
    expect(await backoffice.db('sync').where({ solution_id: solution }).count()).toEqual([{ count: '2' }]);
  });

  test('is not for viewers to decide', async () => {
    const { account, id } = await refuse(row);
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('GET', '/api/quarantine')).at('items')).toHaveLength(1);
    expect((await viewer.call('POST', `/api/quarantine/${id}/discard`)).status).toBe(403);
    expect((await viewer.call('POST', `/api/quarantine/${id}/replay`)).status).toBe(403);
  });
});

test('a replay is work that a worker can claim', async () => {
  const { solution } = await newKitchen(backoffice);
  const old = await newSync(backoffice, solution, { upload });
  const syncId = String((await admin.call('POST', `/api/syncs/${old}/replay`)).at('sync'));
  const jobs: { id: string }[] = await backoffice.db('job').where({ sync_id: syncId }).select('id');
  const claimed = await createJobStore(backoffice.db).claim(jobs[0]?.id ?? '', 60);
  expect(claimed).toMatchObject({
    sync: { syncId, solutionId: Number(solution), channel: 'synchro' },
    attempts: 1,
  });
});
