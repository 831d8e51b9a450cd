import { Router } from 'express';
import type { VNode } from 'preact';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { mayEdit } from '../../../../shared/domain/staff';
import { isUnderWay } from '../../../../shared/domain/sync-state';
import { receiveArchive, type ReceiveLimits } from '../../../http/archive-upload';
import { decode } from '../../../http/decode';
import { needSameSite, visitorOf } from '../../http/authentication';
import type { OfflineFile, OfflineFileService } from '../../services/offline-files';
import { Page } from '../layout';
import { Empty, Field, Moment, Table } from '../parts';
import type { Visit, Visiting } from '../visit';

interface Services {
  readonly offlineFiles: OfflineFileService;
  readonly offlineLimits: ReceiveLimits;
}

const path = z.object({ file: z.uuid() });

/** Files that kitchens without a network send on a stick. */
export function createOfflineFilePageRoutes(
  { offlineFiles, offlineLimits }: Services,
  visiting: Visiting,
): Router {
  const router = Router();

  router.get(
    '/offline-files',
    visiting.page(async (visit) => {
      const { items } = await offlineFiles.list(visit.caller, { limit: 50, after: null });
      return offlineFilesPage(visit, items);
    }),
  );

  // A form with a file is not read like other forms. The check of the origin stands for the token of the form.
  router.post('/offline-files', async (request, response) => {
    const caller = visitorOf(request);
    if (caller === null) {
      response.redirect(303, '/sign-in?next=%2Foffline-files');
      return;
    }
    needSameSite(request);
    await receiveArchive(request, response, offlineLimits, async (body) => {
      await offlineFiles.takeIn(caller, '', body);
    });
    response.redirect(303, '/offline-files?done=taken-in');
  });

  router.get(
    '/offline-files/:file/response',
    visiting.data(async (caller, request, response) => {
      const { fileName, content } = await offlineFiles.respond(caller, decode(path, request.params).file);
      response.attachment(fileName).type('application/octet-stream');
      await pipeline(Readable.from(content, { objectMode: false }), response);
    }),
  );

  return router;
}

function offlineFilesPage(visit: Visit, files: readonly OfflineFile[]): VNode {
  const { words, caller } = visit;
  return (
    <Page visit={visit} title={words.offlineFiles} subtitle={words.offlineFilesMeaning}>
      <div class="stack">
        {mayEdit(caller) && (
          <form method="post" action="/offline-files" encType="multipart/form-data" class="filters">
            <Field label={words.offlineFile} hint={words.offlineFileHint} class="grow">
              <input type="file" name="file" accept=".epack" required />
            </Field>
            <button class="button">{words.takeIn}</button>
          </form>
        )}
        {files.length === 0 ? (
          <Empty title={words.noOfflineFiles} />
        ) : (
          <Table
            label={words.offlineFiles}
            columns={[
              words.solution,
              words.writtenOnDevice,
              words.takenIn,
              words.whatBecameOfIt,
              words.response,
            ]}
            fit="stacks"
          >
            {files.map((file) => (
              <FileRow visit={visit} file={file} />
            ))}
          </Table>
        )}
      </div>
    </Page>
  );
}

function FileRow({ visit: { words, caller }, file }: { visit: Visit; file: OfflineFile }): VNode {
  const isReady = file.channels.every(({ state }) => state === null || !isUnderWay(state));
  return (
    <tr>
      <th scope="row">
        <a href={`/solutions/${file.solutionId}`}>{file.solutionName}</a>
      </th>
      <td data-label={words.writtenOnDevice}>
        <Moment words={words} at={file.writtenAt} />
      </td>
      <td data-label={words.takenIn}>
        <Moment words={words} at={file.takenInAt} /> <span class="under">{file.takenInBy}</span>
      </td>
      <td data-label={words.whatBecameOfIt}>
        {file.channels.map(({ channel, outcome, syncId, detail }) => (
          <p>
            {syncId === null ? (
              words.channels[channel]
            ) : (
              <a href={`/syncs/${syncId}`}>{words.channels[channel]}</a>
            )}
            {words.colon}
            {words.offlineOutcomes[outcome]}
            {detail !== null && (
              <span class="under" lang="en">
                {detail}
              </span>
            )}
          </p>
        ))}
      </td>
      <td data-label={words.response}>
        {!isReady && words.responseNotReady}
        {isReady && mayEdit(caller) && (
          <a class="button quiet" href={`/offline-files/${file.id}/response`}>
            {words.fetchResponse(file.solutionName)}
          </a>
        )}
      </td>
    </tr>
  );
}
