import { z } from 'zod';
import type { Content } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { IxApi } from './api';
import { allMembers } from './selectors';
import type { Sord } from './sord';

/** A content that was uploaded completely. It cannot be seen before it is checked in; otherwise ELO forgets it. */
export interface Uploaded {
  readonly document: UploadedDocument;
}

const documentAnswer = z.looseObject({
  objId: z.union([z.string(), z.int()]).nullish(),
  docs: z.array(z.looseObject({ url: z.string().nullish(), id: z.int().nullish() })).nullish(),
});
type UploadedDocument = z.output<typeof documentAnswer>;

/** The comment of each version that we write. */
const comment = 'ePack';

export interface UploadWish {
  /** Null: the document does not exist yet. ELO would search for "sord.id == -1", so it is left out. */
  readonly objId: string | null;
  readonly extension: string;
  /** The number of the key with which ELO encrypts the document. */
  readonly encryptionSet: number;
}

/** "The check in procedure consists of three steps": the first two. */
export async function upload(
  api: IxApi,
  { objId, extension, encryptionSet }: UploadWish,
  content: Content,
  signal: AbortSignal,
): Promise<Uploaded> {
  const version = { ext: extension, encryptionSet };
  const parameters = { document: { ...(objId === null ? {} : { objId }), docs: [version] } };
  const begun = documentAnswer.parse(
    await api.call({ operation: 'upload', name: 'checkinDocBegin', parameters }, signal),
  );
  const [place] = begun.docs ?? [];
  if (place?.url === undefined || place.url === null || place.url === '')
    throw new Trouble('unavailable', 'ELO named no address for the file');
  const uploadResult = await api.upload(place.url, content, signal);
  const docs = [{ ...place, ...version, uploadResult, comment, workVersion: true }];
  return { document: { ...begun, docs } };
}

/**
 * The third step: the version is there, under its name. Returns the number of the document. Null: ELO does not report
 * it.
 */
export async function checkIn(
  api: IxApi,
  {
    entry,
    unlockZ,
    operation,
  }: { readonly entry: object; readonly unlockZ: object; readonly operation: string },
  { document }: Uploaded,
  signal: AbortSignal,
): Promise<string | null> {
  const parameters = { sord: entry, sordZ: allMembers, document, unlockZ };
  const answer = await api.call({ operation, name: 'checkinDocEnd', parameters }, signal);
  const objId = documentAnswer.safeParse(answer).data?.objId;
  return objId === null || objId === undefined ? null : String(objId);
}

export const encryptionOf = ({ details }: Sord): number => details?.encryptionSet ?? 0;
