import { type Request, type Response, Router } from 'express';
import type { VNode } from 'preact';
import type { Page as ListPage } from '../../../../shared/domain/page';
import type { ListedPhoto } from '../../../../shared/stores/photos/photo-store';
import { decode } from '../../../http/decode';
import { sendFile } from '../../../http/send-file';
import { bigIdOf, pageOfQuery, pageQuery, pathId, pathText } from '../../http/request-fields';
import type { PhotoAddress, PhotoGalleryService, Picture } from '../../services/photos';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless } from '../form-input';
import { Bytes, Empty, Moment, Pager } from '../parts';
import type { Visit, Visiting } from '../visit';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly photos: PhotoGalleryService;
}

const query = pageQuery(bigIdOf);
const shownPhotos = 60;

/** The photos of a solution, small and large. */
export function createPhotoPageRoutes({ solutions, photos }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/photos',
    visiting.page(async (visit, request) => {
      const id = pathId(request, 'solution');
      const solution = await solutions.get(visit.caller, id);
      const page = { ...pageOfQuery(decode(query, blankless(request.query))), limit: shownPhotos };
      return photosPage(visit, solution, await photos.list(visit.caller, id, null, page));
    }),
  );

  router.get(
    '/solutions/:id/photos/:name',
    visiting.data(async (caller, request, response) => {
      const photo = await photos.open(caller, pathId(request, 'solution'), addressOf(request));
      await send(request, response, photo);
    }),
  );

  router.get(
    '/solutions/:id/thumbnails/:name',
    visiting.data(async (caller, request, response) => {
      const thumbnail = await photos.openThumbnail(caller, pathId(request, 'solution'), addressOf(request));
      await send(request, response, thumbnail);
    }),
  );

  return router;
}

/** Several photos may have come under one name. */
function addressOf(request: Request): PhotoAddress {
  const content = request.query['content'];
  const isDigest = typeof content === 'string' && /^[0-9a-f]{64}$/.test(content);
  return { name: pathText(request, 'name'), sha256: isDigest ? content : null };
}

/** Photos may show people or papers, so browsers must not store them. */
async function send(request: Request, response: Response, picture: Picture): Promise<void> {
  response.setHeader('Cache-Control', 'no-store');
  await sendFile(request, response, { ...picture, contentType: 'image/jpeg' });
}

function photosPage(visit: Visit, solution: SolutionDetail, { items, next }: ListPage<ListedPhoto>): VNode {
  const { words } = visit;
  return (
    <SolutionPage visit={visit} solution={solution} tab="photos">
      {items.length === 0 ? (
        <Empty title={words.noPhotos}>{words.noPhotosAdvice}</Empty>
      ) : (
        <ul class="gallery">
          {items.map((photo) => (
            <PhotoTile visit={visit} solution={solution} photo={photo} />
          ))}
        </ul>
      )}
      <Pager words={words} base={`/solutions/${solution.id}/photos`} next={next} />
    </SolutionPage>
  );
}

function PhotoTile({
  visit: { words },
  solution,
  photo,
}: {
  visit: Visit;
  solution: SolutionDetail;
  photo: ListedPhoto;
}): VNode {
  const name = encodeURIComponent(photo.name);
  const [log] = photo.logs;
  return (
    <li>
      <a href={`/solutions/${solution.id}/photos/${name}?content=${photo.sha256}`}>
        <img
          src={`/solutions/${solution.id}/thumbnails/${name}?content=${photo.sha256}`}
          alt={photo.name}
          loading="lazy"
          width={180}
          height={135}
        />
      </a>
      <p>
        <Moment words={words} at={photo.takenAt ?? photo.receivedAt} zone={solution.timezone} />
      </p>
      <p class="soft">
        {log === undefined ? (
          photo.name
        ) : (
          <a href={`/solutions/${solution.id}/readings/${log.table}`}>
            {log.table} {log.id}
          </a>
        )}
        {' · '}
        <Bytes words={words} count={photo.bytes} />
        {photo.isSuperseded && <> · {words.earlierPhotoOfName}</>}
      </p>
    </li>
  );
}
