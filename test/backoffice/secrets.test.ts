import { scryptSync } from 'node:crypto';
import { createPasswordHasher, ownTurn } from '../../shared/passwords/password-hasher';
import { hashSecret, newSecret, verifySecret } from '../../shared/secrets';

const hasher = createPasswordHasher();
afterAll(() => hasher.close());

const hashPassword = (password: string) => hasher.hash(password, ownTurn);
const verifyPassword = (password: string, hash: string | null) => hasher.verify(password, hash, ownTurn);

describe('a password', () => {
  test('is verified by its hash, which contains its parameters', async () => {
    const hash = await hashPassword('pâté en croûte');
    expect(hash).toMatch(/^\$scrypt\$ln=14,r=8,p=5\$[\w-]{22}\$[\w-]{43}$/);
    expect(await verifyPassword('pâté en croûte', hash)).toBe(true);
    expect(await verifyPassword('pate en croute', hash)).toBe(false);
  });

  test('is the same however its accents are written', async () => {
    const hash = await hashPassword('caf\u00e9');
    expect(await verifyPassword('cafe\u0301', hash)).toBe(true);
  });

  test('has another hash each time', async () => {
    expect(await hashPassword('one')).not.toBe(await hashPassword('one'));
  });

  test('of an unknown user is never right', async () => {
    expect(await verifyPassword('', null)).toBe(false);
  });

  test('is verified at the cost that it was hashed with', async () => {
    const cheap = '$scrypt$ln=4,r=8,p=1$' + 'AAAAAAAAAAAAAAAAAAAAAA$' + scryptOf('old').toString('base64url');
    expect(await verifyPassword('old', cheap)).toBe(true);
    expect(await verifyPassword('new', cheap)).toBe(false);
  });
});

describe('a secret of a solution', () => {
  test('is generated each time, and verified by its hash', () => {
    const secret = newSecret();
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(newSecret()).not.toBe(secret);
    expect(verifySecret(secret, hashSecret(secret))).toBe(true);
    expect(verifySecret(newSecret(), hashSecret(secret))).toBe(false);
  });

  test.each([null, '', '-', 'sha256$'])('is never right for the hash %j', (hash) => {
    expect(verifySecret('', hash)).toBe(false);
    expect(verifySecret('-', hash)).toBe(false);
  });
});

function scryptOf(password: string): Buffer {
  return scryptSync(password, Buffer.alloc(16), 32, { N: 16, r: 8, p: 1 });
}
