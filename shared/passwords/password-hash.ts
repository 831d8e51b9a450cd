import { randomBytes } from 'node:crypto';

// How the hash of a password is written: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, salt and key in base64url.

export interface ScryptCost {
  /** Base-2 logarithm of scrypt's N. */
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

export interface PasswordHash extends ScryptCost {
  readonly salt: Buffer;
  readonly key: Buffer;
}

/** One of the settings that the OWASP password storage cheat sheet lists as equal. */
export const passwordCost: ScryptCost = { costLog2: 14, blockSize: 8, parallelism: 5 };
export const keyBytes = 32;

export function formatHash({ salt, key, ...cost }: PasswordHash): string {
  return `$scrypt$${formatCost(cost)}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

export function parseHash(hash: string): PasswordHash {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/.exec(hash);
  if (match === null) throw new Error('a password hash in the database is not one of ours');
  const [, costLog2, blockSize, parallelism, salt = '', key = ''] = match;
  return {
    costLog2: Number(costLog2),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
}

export function isOfCost(hash: string, cost: ScryptCost): boolean {
  return formatCost(parseHash(hash)) === formatCost(cost);
}

/** A hash that no password has: random bytes at this cost. */
export function decoyHashOf(cost: ScryptCost): string {
  return formatHash({ ...cost, salt: randomBytes(16), key: randomBytes(keyBytes) });
}

function formatCost({ costLog2, blockSize, parallelism }: ScryptCost): string {
  return `ln=${costLog2},r=${blockSize},p=${parallelism}`;
}
