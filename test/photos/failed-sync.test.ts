import { parseCsv } from '../../shared/formats/csv-table';
import { unzip, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';
import { jpeg } from './pictures';

const server = onServer({ EPACK_MAX_ATTEMPTS: '1' }, { worker: true });

test('a failed sync of photos still sends the index, as it was before', async () => {
  const client = await signIn(server(), 'photos');
  await fullSync(client, zipOf({ 'photos/kept.jpg': await jpeg(1) }));
  await server().db.raw(`
    create function refuse_photo() returns trigger language plpgsql as $$ begin raise exception 'no photo today'; end $$;
    create trigger refuse_photo before insert on photo for each row execute function refuse_photo();`);
  await syncTo2(client, zipOf({ 'photos/refused.jpg': await jpeg(2) }));
  const files = unzip((await client.download()).body);
  expect(JSON.parse(String(files.get('report.json')))).toMatchObject({ outcome: 'failed' });
  expect(JSON.parse(String(files.get('manifest.json')))).toMatchObject({
    files: [{ name: 'csv/Photos-r.csv', op: 'r', count: 1 }],
  });
  const { rows } = parseCsv(String(files.get('csv/Photos-r.csv')));
  expect(rows.map(([name]) => name)).toEqual(['kept.jpg']);
  expect((await client.confirm()).status).toBe(200);
});
