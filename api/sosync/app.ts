import express, {
  type ErrorRequestHandler,
  type Express,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { createHash, timingSafeEqual } from 'node:crypto';
import { badApiKey, methodNotAllowed, notFound, unknownVersion } from '../../shared/errors/catalog';
import { type XmlContent, xmlDeclaration, xmlElement } from '../../shared/formats/plain-xml';
import type { Logger } from '../../shared/log';
import { logFailure, problemOf, unknownRouteHandler } from '../http/problem';
import { loggedPath } from '../http/logged-path';
import type { SosyncControl } from '../services/sosync-control';
import type { SosyncJobService } from '../services/sosync-jobs';
import { errorForm, sendList, sendObject, sendText } from './answers';
import { actionFrom, givenIn, idIn, jobWishFrom, listWishFrom } from './parameters';
import { idOf, jobColumns } from './job-columns';

interface Deps {
  readonly jobs: SosyncJobService;
  readonly control: SosyncControl;
  /** The commit that this program was built from; null: it is not known. */
  readonly commit: string | null;
  /** Null: whoever reaches the port may call. */
  readonly apiKey: string | null;
  readonly log: Logger;
}

/** The calls of sosync: every one by GET and by POST. */
export function createSosyncApp({ jobs, control, commit, apiKey, log }: Deps): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  if (apiKey !== null) app.use(needKey(apiKey));
  app.use(express.urlencoded({ extended: false, limit: '64kb' }));

  serve(app, '/job/create', async (request, response) => {
    const id = idOf(await jobs.create(jobWishFrom(givenIn(request))));
    // In XML, a job also has an element with its own name.
    const isXml = errorForm(request) === 'xml';
    sendObject(request, response, 'job', isXml ? { job_id: id, id } : { id });
  });
  serve(app, '/job/info/:id', async (request, response) => {
    const id = idIn(request.params['id']);
    if (id === null) throw notFound('job');
    sendObject(request, response, 'job', jobColumns(await jobs.info(id)));
  });
  serve(app, '/job/list', async (request, response) => {
    const pages = jobs.list(listWishFrom(givenIn(request)));
    await sendList(request, response, { list: 'jobs', element: 'job' }, columnsOfPages(pages));
  });
  serve(app, '/service/status', async (request, response) => {
    const { job, protocol } = await control.status();
    const worker = (one: typeof job) => ({ status: one.status, since: one.since.toISOString() });
    const status = { job_worker: worker(job), protocol_worker: worker(protocol) };
    sendObject(request, response, 'status', status);
  });
  serve(app, '/service/version', (request, response) => {
    if (commit === null) throw unknownVersion();
    sendText(request, response, commit);
  });
  serve(app, '/service/processjobs', async (request, response) => {
    sendText(request, response, await control[actionFrom(givenIn(request))]('job'));
  });
  serve(app, '/service/processprotocol', async (request, response) => {
    sendText(request, response, await control[actionFrom(givenIn(request))]('protocol'));
  });
  serve(app, '/service/drift', async (request, response) => {
    sendText(request, response, String(await control.drift()));
  });
  serve(app, '/service/forcedriftcheck', async (request, response) => {
    sendText(request, response, String(await control.forceDriftCheck()));
  });
  app.use(unknownRouteHandler);
  app.use(tellError(log));
  return app;
}

function serve(
  app: Express,
  path: string,
  handle: (request: Request, response: Response) => Promise<void> | void,
): void {
  const handler: RequestHandler = (request, response) => handle(request, response);
  app
    .route(path)
    .get(handler)
    .post(handler)
    .all(() => {
      throw methodNotAllowed(['GET', 'POST']);
    });
}

async function* columnsOfPages(
  pages: AsyncIterable<Parameters<typeof jobColumns>[0][]> | ReturnType<SosyncJobService['list']>,
): AsyncGenerator<{ readonly [name: string]: XmlContent }[]> {
  for await (const page of pages) yield page.map(jobColumns);
}

function needKey(apiKey: string): RequestHandler {
  const wanted = sha256(apiKey);
  return (request, _response, next) => {
    if (!timingSafeEqual(sha256(request.get('X-Api-Key') ?? ''), wanted)) throw badApiKey();
    next();
  };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();

/** Errors in the form that the caller reads. */
function tellError(log: Logger): ErrorRequestHandler {
  // Express recognises an error handler by its four parameters.
  return (error: unknown, request: Request, response: Response, _next) => {
    logFailure(log, error, { method: request.method, path: loggedPath(request) }, response);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = problemOf(error);
    response.status(status).set(headers).removeHeader('WWW-Authenticate');
    const problem = JSON.parse(body) as Readonly<Record<string, string | number>>;
    switch (errorForm(request)) {
      case 'json':
        response.send(body);
        return;
      case 'xml':
        response.type('application/xml; charset=utf-8').send(xmlDeclaration + xmlElement('error', problem));
        return;
      case 'text':
        response
          .type('text/plain; charset=utf-8')
          .send(`${problem['code'] ?? ''}: ${problem['detail'] ?? ''}\n`);
    }
  };
}
