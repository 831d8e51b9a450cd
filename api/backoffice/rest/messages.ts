import { Router } from 'express';
import { z } from 'zod';
import { mapPage } from '../../../shared/domain/page';
import type { Message } from '../../../shared/stores/message-store';
import { decode } from '../../http/decode';
import type { MessageService } from '../services/messages';
import { analysesOf, readCsvBody } from './analyses';
import { callerOf } from './authentication';
import { pageOfQuery, pageQuery, pathId, textOf } from './parameters';

const maxBodyLength = 10_000;
const messageCursor = z.string().regex(/^-\d{1,18}$/, 'is no cursor');
const message = z.strictObject({ subject: textOf(200), body: textOf(maxBodyLength) });

export function createMessageRoutes(messages: MessageService): Router {
  const router = Router();

  router.get('/solutions/:id/messages', async (request, response) => {
    const page = pageOfQuery(decode(pageQuery(messageCursor), request.query));
    const listed = await messages.list(callerOf(request), pathId(request, 'solution'), page);
    response.json(mapPage(listed, messageJson));
  });

  router.post('/solutions/:id/messages', async (request, response) => {
    const solutionId = pathId(request, 'solution');
    const input = decode(message, request.body ?? {});
    response.status(201).json(messageJson(await messages.send(callerOf(request), solutionId, input)));
  });

  router.post('/solutions/:id/analyses', readCsvBody, async (request, response) => {
    const solutionId = pathId(request, 'solution');
    const { analyses, isOne } = analysesOf(request.body);
    const sent = await messages.sendAnalyses(callerOf(request), solutionId, analyses);
    const items = sent.map(messageJson);
    response.status(201).json(isOne ? items[0] : { items });
  });

  return router;
}

const messageJson = ({ result, ...message }: Message) => ({
  ...message,
  ...(result === null ? {} : resultJson(result)),
});

const resultJson = ({ limitSatisfactory, limitAcceptable, ...result }: Exclude<Message['result'], null>) => ({
  ...result,
  m: limitSatisfactory,
  M: limitAcceptable,
});
