import { createHash } from 'node:crypto';

/** A short description of what a solution has of a parameter class. */
export interface ClassDigest {
  /** Without deleted ones. */
  readonly entities: number;
  /** 64 hexadecimal digits: the exclusive or of the digests of the entities, so that their order does not matter. */
  readonly digest: string;
}

/** `copyDigests`: of the copies of the class's entities that are not deleted, by `Id`. Source: docs/protocol.md, Drift. */
export function classDigest(copyDigests: ReadonlyMap<string, Buffer>): ClassDigest {
  const sum = Buffer.alloc(32);
  for (const [id, copyDigest] of copyDigests) {
    const entity = createHash('sha256')
      .update(`${id}\n${copyDigest.toString('hex')}`)
      .digest();
    for (const [at, byte] of entity.entries()) sum[at] = (sum[at] ?? 0) ^ byte;
  }
  return { entities: copyDigests.size, digest: sum.toString('hex') };
}
