import type { Check } from '../check';
import { headerOf, need, needEqual, needProblem, needStatus, member } from '../expectations';
import { rejectedCodes } from '../bench';
import { smallPhoto } from '../small-photo';

const section = 'GET /v4/photos/files/{name}';

/** Photos. */
export const photoChecks: readonly Check[] = [
  {
    id: 'photo-comes-back',
    section,
    sentence: '200 `image/jpeg`: a photo that this solution uploaded; `ETag`, ranges and HEAD as above.',
    title: { en: 'A photo that comes back', fr: 'Une photo qui revient' },
    run: async (bench) => {
      const photos = await bench.idle('photos');
      const [name, photo] = [`Suite-${bench.freshId()}.jpg`, smallPhoto(bench.freshId())];
      const { report, files } = await photos.sync({ [`photos/${name}`]: photo });
      needEqual('inserted', member(report, 'photos', 'inserted'), 1);
      need(files.get('csv/Photos-r.csv')?.includes(name) ?? false, 'the index lists the photo', name);
      const reply = await photos.call(`files/${name}`);
      needStatus(reply, 200);
      needEqual('Content-Type', headerOf(reply, 'content-type'), 'image/jpeg');
      need(reply.body.equals(photo), 'the same bytes', `${reply.body.length} other bytes`);
    },
  },
  {
    id: 'photo-name-case',
    section,
    sentence: 'Names are compared without regard to case and to the way their accents are composed.',
    title: { en: 'The name of a photo in capitals', fr: 'Le nom d’une photo en majuscules' },
    run: async (bench) => {
      const photos = await bench.idle('photos');
      const name = `suite-${bench.freshId()}.jpg`;
      await photos.sync({ [`photos/${name}`]: smallPhoto(bench.freshId()) });
      needStatus(await photos.call(`files/${name.toUpperCase()}`), 200);
    },
  },
  {
    id: 'photo-unknown',
    section,
    sentence: '404 `unknown-photo`.',
    title: { en: 'A photo that nobody sent', fr: 'Une photo que personne n’a envoyée' },
    run: async (bench) => {
      const photos = await bench.on('photos');
      needProblem(await photos.call(`files/nothing-${bench.mark}.jpg`), 404, 'unknown-photo');
    },
  },
  {
    id: 'photo-damaged',
    section: 'Photos',
    sentence: 'A photo is rejected, and kept for a replay, if it is cut or damaged',
    title: { en: 'A photo that is cut off', fr: 'Une photo coupée' },
    run: async (bench) => {
      const photos = await bench.idle('photos');
      const whole = smallPhoto(bench.freshId());
      const name = `photos/cut-${bench.freshId()}.jpg`;
      const { report } = await photos.sync({ [name]: whole.subarray(0, whole.length - 200) });
      needEqual('the rejection', rejectedCodes(report), ['bad-photo']);
    },
  },
];
