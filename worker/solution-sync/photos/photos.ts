import type { Reason } from '../../../shared/domain/reason';
import { because } from '../../../shared/domain/reason-english';
import type { PhotoCounts } from '../../../shared/domain/report';
import type { FileStore } from '../../../shared/files/file-store';
import type { NewPhoto, PhotoStore } from '../../../shared/stores/photos/photo-store';
import type { PhotoSuccession } from '../../../shared/stores/photos/photo-succession';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { PackageFile, PackageFiles } from '../package/package-files';
import type { Reject } from '../package/rejections';
import { contentsInMemory, photoFrom, readInto, storePhoto, storePhotoName } from './photo-content';
import { readPhotoList } from './photo-list';

interface Deps {
  readonly photos: Pick<PhotoStore, 'put' | 'note'>;
  readonly files: Pick<FileStore, 'read' | 'write' | 'stat'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly succession: PhotoSuccession;
}

type Kept = Exclude<keyof PhotoCounts, 'rejected'>;

interface Sender {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
}

const maxPhotoBytes = 64 * 1024 * 1024;

/**
 * Keeps the photos of a package, one after another: content once, in the file store; name and particulars in the
 * database. The notes about photos are stored separately, because a photo may come before or after its note, or be
 * refused.
 */
export async function keepPhotos(
  deps: Deps,
  sender: Sender,
  { photos, photoList }: Pick<PackageFiles, 'photos' | 'photoList'>,
  reject: Reject,
): Promise<PhotoCounts> {
  const counts: PhotoCounts = { inserted: 0, duplicates: 0, rejected: 0 };
  for (const file of photos) {
    const outcome = await keepPhoto(deps, sender, file);
    if ('problem' in outcome) {
      counts.rejected += 1;
      await reject(rejectedPhoto(file, outcome.problem));
    } else {
      counts[outcome.result] = (counts[outcome.result] ?? 0) + 1;
      if (outcome.result === 'replaced') await tellOfReplacement(deps, sender, file);
    }
  }
  // After the photos: what is said of a name is said of the photo that has just come under it.
  if (photoList !== null) await takeNotes(deps, sender, photoList, reject);
  return counts;
}

async function takeNotes(
  { photos }: Deps,
  { solutionId, syncId, timezone }: Sender,
  list: PackageFile,
  reject: Reject,
): Promise<void> {
  for await (const notes of readPhotoList(list, timezone, reject))
    await photos.note(solutionId, syncId, notes);
}

async function keepPhoto(
  deps: Deps,
  sender: Sender,
  file: PackageFile,
): Promise<{ result: Kept } | { problem: Reason }> {
  if (file.bytes > maxPhotoBytes)
    return { problem: { code: 'photo-too-many-bytes', values: { mostBytes: maxPhotoBytes } } };
  const { files } = deps;
  return contentsInMemory.hold(file.bytes, async () => {
    const content = await readInto(file.bytes, await file.open());
    const photo = await photoFrom(files, sender, file.name.slice(file.name.indexOf('/') + 1), content);
    if ('problem' in photo) return photo;
    await storePhoto(files, photo, content);
    const result = await putBesideOthers(deps, sender, photo);
    if (result !== 'duplicates')
      await storePhotoName(files, sender.solutionId, { ...photo, isSuperseded: false });
    return { result };
  });
}

/** If its name refers to another photo, that photo first stays with its readings. */
async function putBesideOthers(
  { photos, succession }: Deps,
  { solutionId, syncId }: Sender,
  photo: NewPhoto,
): Promise<Kept> {
  const outcome = await photos.put(solutionId, syncId, photo);
  if (outcome !== 'name-taken') return outcome;
  await succession.supersede(solutionId, photo.name, photo.exifTakenAt);
  await photos.put(solutionId, syncId, photo);
  return 'replaced';
}

/** From now on, the name of the photo leads to another photo. */
const tellOfReplacement = ({ audit }: Deps, { solutionId, syncId }: Sender, { name }: PackageFile) =>
  audit.add([
    {
      actor: 'solution',
      action: 'photo.replace',
      ...{ solutionId, address: null },
      before: null,
      after: { photo: name, sync: syncId },
    },
  ]);

const rejectedPhoto = (file: PackageFile, problem: Reason) => ({
  kind: 'photo' as const,
  subject: null,
  file: file.name,
  line: null,
  rowId: null,
  code: 'bad-photo' as const,
  ...because(problem),
  header: null,
  // The photo itself stays in the upload.
  raw: null,
});
