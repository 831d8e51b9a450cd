import { createTestDatabase } from '../setup/database';

describe('a test database', () => {
  test('is migrated, empty, and of its own', async () => {
    const one = await createTestDatabase();
    const other = await createTestDatabase();
    try {
      await one.db('account').insert({ name: 'Brasserie du Port' });
      expect(await one.db('account').pluck<string[]>('name')).toEqual(['Brasserie du Port']);
      expect(await other.db('account').pluck<string[]>('name')).toEqual([]);
    } finally {
      await one.drop();
      await other.drop();
    }
  });
});
