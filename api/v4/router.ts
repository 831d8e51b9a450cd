import express, { type RequestHandler, Router } from 'express';
import { createCallerCheck } from '../http/caller';
import { takeBody, takeBodyWithin } from '../http/expect';
import type { DeliveryService } from '../services/delivery';
import type { HandshakeService } from '../services/handshake';
import type { IntakeService } from '../services/intake';
import type { LoginService } from '../services/login';
import type { PhotoService } from '../services/photos';
import type { StatutBoard } from '../services/statut-board';
import type { Traffic } from '../services/traffic';
import { postConfirm } from './confirm';
import { countRefusals } from './count-refusals';
import { getDatas } from './get-datas';
import { getLastIdLogs, getListSyncParams } from './handshake';
import { postLogin } from './login';
import { getPhoto } from './photos';
import { postDatas } from './post-datas';
import { getSync } from './sync';

export interface V4Services {
  readonly board: StatutBoard;
  readonly login: LoginService;
  readonly handshake: HandshakeService;
  readonly intake: IntakeService;
  readonly delivery: DeliveryService;
  readonly photos: PhotoService;
  readonly uploads: RequestHandler;
  readonly traffic: Pick<Traffic, 'uploadRefused'>;
  readonly maxArchiveBytes: number;
  readonly uploadIdleSeconds: number;
}

/** The ePack V4 protocol, one line a verb. The status poll is answered ahead of this (`v4/statut.ts`). */
export function createV4Router(services: V4Services): Router {
  const router = Router({ caseSensitive: true, strict: false });
  const caller = createCallerCheck(services.board);

  router.post('/:channel/login', takeBodyWithin(loginMilliseconds), json('16kb'), postLogin(services.login));
  router.get('/:channel/lastIdLogs', caller, getLastIdLogs(services.handshake));
  router.get('/:channel/listSyncParams', caller, getListSyncParams(services.handshake));
  router.post('/:channel/datas', caller, postDatas(services.intake, services));
  router.get('/:channel/datas', caller, getDatas(services.delivery));
  // A confirmation may name every instruction of a package.
  router.post('/:channel/confirm', caller, takeBody, json('16mb'), postConfirm(services.delivery));
  router.get('/:channel/sync', caller, getSync(services.delivery, services.board));
  router.get('/:channel/files/:name', caller, getPhoto(services.photos));
  router.all(['/:channel/uploads', '/:channel/uploads/:id'], caller, services.uploads);
  // Whatever else: an unknown channel is told from an unknown route, and both from a missing token.
  router.all('/:channel{/*rest}', caller);
  router.use(countRefusals(services.traffic));
  return router;
}

/** For the few hundred bytes of a login, on the worst of lines. */
const loginMilliseconds = 60_000;

/**
 * Whatever type a body says it has, it is read: a confirmation taken for empty would confirm what the solution says
 * has failed.
 */
const json = (limit: string): RequestHandler => express.json({ limit, strict: false, type: () => true });
