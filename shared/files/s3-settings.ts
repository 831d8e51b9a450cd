/** Where the files are in an object store, and how it is called. A part of the configuration. */
export interface S3Settings {
  /** Null: Amazon's, by the region. */
  readonly endpoint: string | null;
  readonly region: string;
  readonly bucket: string;
  /** What every key begins with; '' or with a slash at its end. */
  readonly prefix: string;
  /** True: the bucket is in the path of the URL, not in its host name. */
  readonly isPathStyle: boolean;
  /** Certificates in PEM, of the authority that signed the store's. Null: the usual authorities. */
  readonly authority: string | null;
  /** Which encryption the store is asked for. Null: whatever the bucket does. */
  readonly encryption: S3Encryption | null;
  /** Null: those that the surroundings give, for example the role of a machine or of a pod. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

export interface S3Encryption {
  readonly algorithm: 'AES256' | 'aws:kms';
  /** For `aws:kms`. Null: the key of the bucket. */
  readonly kmsKey: string | null;
}

/** A call to the object store that has ended. */
export interface ObservedFileCall {
  /** For example `PutObject`. */
  readonly operation: string;
  /** `ok`, `absent`, or the reason why the store is away. */
  readonly outcome: string;
  readonly seconds: number;
}
