/** How much of the server one solution may use. Every limit is a whole number above 0. */
export interface Quotas {
  /** Uploads in 24 hours that got the channel, whatever their result. */
  readonly syncsPerDay: number;
  /** Bytes of these uploads as they were announced. */
  readonly bytesPerDay: number;
  /** Resumable uploads that are not finished. */
  readonly openUploads: number;
  /** The sum of the lengths that they announced. */
  readonly openUploadBytes: number;
  /** Items in quarantine that wait for a decision. Further items are only counted, and their upload is kept. */
  readonly openQuarantine: number;
  /** Columns of one log table that the table does not declare. */
  readonly extraColumns: number;
}

export const quotaNames = [
  'syncsPerDay',
  'bytesPerDay',
  'openUploads',
  'openUploadBytes',
  'openQuarantine',
  'extraColumns',
] as const satisfies readonly (keyof Quotas)[];
export type QuotaName = (typeof quotaNames)[number];

/**
 * The limits of an account apply to all its solutions together. There is none for columns, because a log table belongs
 * to one solution.
 */
export const accountQuotaNames = [
  'syncsPerDay',
  'bytesPerDay',
  'openUploads',
  'openUploadBytes',
  'openQuarantine',
] as const satisfies readonly QuotaName[];
export type AccountQuotaName = (typeof accountQuotaNames)[number];

/** Null: as configured for all solutions. */
export type OwnQuotas = { readonly [Name in QuotaName]: number | null };
/** Null: no limit. */
export type AccountQuotas = { readonly [Name in AccountQuotaName]: number | null };

/** True for the limits that are counted in bytes. The others count things. */
export const isByteQuota = (name: QuotaName): boolean => name === 'bytesPerDay' || name === 'openUploadBytes';

/** The largest own bound that can be set. The database holds numbers of things in 32 bits. */
export const mostOfQuota = (name: QuotaName): number => (isByteQuota(name) ? 2 ** 50 : 2_000_000_000);

/** A limit that refuses something. */
export interface QuotaRefusal {
  /** `disk`: the reserve of free space, below which those who send most are refused. */
  readonly quota: QuotaName | 'disk';
  readonly of: 'solution' | 'account' | 'server';
  readonly limit: number;
  /** The use before the refused request. */
  readonly used: number;
  /** When the request may be made again. Null: the request alone is larger than the limit, so it is always refused. */
  readonly until: Date | null;
}

/** How much of each limit is used. */
export interface QuotaUse {
  readonly syncsPerDay: number;
  readonly bytesPerDay: number;
  readonly openUploads: number;
  readonly openUploadBytes: number;
  readonly openQuarantine: number;
  /** The number for the log table with the most extra columns. Null: the limit does not apply here. */
  readonly extraColumns: number | null;
}

/** The text of the refusal for the caller. */
export function quotaRefusalText({ quota, of, limit, until }: QuotaRefusal): string {
  const text = refusalTexts[quota](of, limit);
  return until === null ? text : `${text} Come again after ${until.toISOString()}.`;
}

const refusalTexts: Record<QuotaRefusal['quota'], (of: QuotaRefusal['of'], limit: number) => string> = {
  syncsPerDay: (of, limit) => `This ${of} may make ${limit} uploads in 24 hours.`,
  bytesPerDay: (of, limit) => `This ${of} may upload ${limit} bytes in 24 hours.`,
  openUploads: (of, limit) => `This ${of} may have ${limit} resumable uploads that are not finished.`,
  openUploadBytes: (of, limit) =>
    `The resumable uploads of this ${of} that are not finished may have ${limit} bytes together.`,
  openQuarantine: (of, limit) => `This ${of} may have ${limit} items in quarantine.`,
  extraColumns: (_of, limit) => `A log table may have ${limit} columns that it does not declare.`,
  disk: () => 'The disk of the server is nearly full, and this solution has sent more of late than others.',
};
