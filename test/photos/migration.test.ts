import { createRequire } from 'node:module';
import path from 'node:path';
import { createPhotoStore } from '../../shared/stores/photos/photo-store';
import { onServer, signIn } from '../v4/on-server';

const server = onServer({});

interface Migration {
  up(db: unknown): Promise<void>;
  down(db: unknown): Promise<void>;
}
const migration = createRequire(__filename)(
  path.resolve('migrations/20261130_30_names_of_photos.js'),
) as Migration;

test('photos of one name in two Unicode forms become one name with all of them, each with its readings', async () => {
  const client = await signIn(server(), 'photos');
  const { db } = server();
  const [composed, decomposed] = ['\u00e9.jpg', 'e\u0301.jpg'];
  await db.transaction(async (transaction) => {
    await migration.down(transaction);
    const photo = { solution_id: client.id, file_key: 'x', bytes: 1, width: 1, height: 1 };
    await transaction('photo').insert([
      { ...photo, name: decomposed, sha256: 'a'.repeat(64), created_at: '2026-01-01' },
      { ...photo, name: composed, sha256: 'b'.repeat(64), created_at: '2026-02-01' },
      { ...photo, name: 'other.jpg', sha256: 'c'.repeat(64) },
      { ...photo, name: `same-${decomposed}`, sha256: 'd'.repeat(64), created_at: '2026-01-01' },
      { ...photo, name: `same-${composed}`, sha256: 'd'.repeat(64), created_at: '2026-02-01' },
    ]);
    await transaction('photo_note').insert([
      { solution_id: client.id, name: decomposed, table_name: 'Tbfridge', log_id: 1, noted_at: '2026-01-01' },
      { solution_id: client.id, name: composed, table_name: 'Tbfridge', log_id: 2, noted_at: '2026-02-01' },
      {
        ...{ solution_id: client.id, name: `same-${decomposed}` },
        ...{ table_name: 'Tbfridge', log_id: 3, noted_at: '2026-01-01' },
      },
      {
        ...{ solution_id: client.id, name: `same-${composed}` },
        ...{ table_name: 'Tbfridge', log_id: 4, noted_at: '2026-02-01' },
      },
    ]);
    await migration.up(transaction);
  });
  const { items } = await createPhotoStore(db).list(client.id, null, { limit: 9, after: null });
  const seen = items.map(({ name, sha256, isSuperseded, logs }) => [
    name,
    sha256[0],
    isSuperseded,
    logs.map(({ id }) => id).sort(),
  ]);
  expect(seen.sort()).toEqual([
    ['other.jpg', 'c', false, []],
    // One picture under two forms of a name is one photo, with the readings of both.
    [`same-${composed}`, 'd', false, ['3', '4']],
    [composed, 'a', true, ['1']],
    [composed, 'b', false, ['2']],
  ]);
});
