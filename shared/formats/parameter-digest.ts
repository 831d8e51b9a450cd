import { createHash } from 'node:crypto';
import { canonicalText, type Copy } from '../domain/merge-copy';

/** 16 bytes that are the same for copies that say the same. All deleted copies have one digest. */
export function copyDigest(copy: Copy): Buffer {
  return createHash('sha256').update(canonicalText(copy)).digest().subarray(0, 16);
}

/** The digest of a copy that is deleted. */
export const deletedDigest: Buffer = copyDigest({ isActive: false, fields: {} });
