/** A part of an object that is not complete yet. */
export interface StoredPart {
  /** From 1, in the order of the content. */
  readonly number: number;
  readonly bytes: number;
  /** What the store calls this version of the part. */
  readonly etag: string;
}

/** An object that was begun and neither completed nor given up. */
export interface UnfinishedObject {
  readonly key: string;
  readonly uploadId: string;
}

/**
 * Objects that grow part by part over several requests, in a store that has them (S3: multipart uploads). Nobody sees
 * the object before it is complete. Every part except the last has exactly `partBytes`.
 */
export interface PartStore {
  readonly partBytes: number;
  readonly mostParts: number;
  begin(key: string): Promise<UnfinishedObject>;
  /** Resolves when the part is durable. A part that is put again replaces the earlier one. */
  put(object: UnfinishedObject, number: number, content: Buffer): Promise<StoredPart>;
  /** In their order. Empty, if the object is complete or was given up. */
  list(object: UnfinishedObject): Promise<readonly StoredPart[]>;
  /** Resolves when the object is there, whole and durable. May be called again after a lost response. */
  complete(object: UnfinishedObject, parts: readonly StoredPart[]): Promise<void>;
  /** Removes the parts. It is no error if there are none. */
  abort(object: UnfinishedObject): Promise<void>;
  /** What came after the last whole part, for the next request. At most one tail per object counts: see `readTail`. */
  writeTail(object: UnfinishedObject, tail: Tail): Promise<void>;
  /** The longest tail that begins at this byte; empty, if there is none. */
  readTail(object: UnfinishedObject, start: number): Promise<Buffer>;
  tailBytes(object: UnfinishedObject, start: number): Promise<number>;
  removeTails(object: UnfinishedObject): Promise<void>;
}

export interface Tail {
  /** The position of its first byte in the object. */
  readonly start: number;
  readonly content: Buffer;
}
