import express, { type ErrorRequestHandler, type RequestHandler, Router } from 'express';
import { createCallerCheck, refuseUnknownChannel } from '../http/caller';
import { takeBody, takeBodyWithin } from '../http/expect';
import type { Access } from '../http/operation';
import { type Interface, mountRoutes, refuseOtherMethods, type Route } from '../http/route';
import type { DeliveryService } from '../services/delivery';
import type { HandshakeService } from '../services/handshake';
import type { IntakeService } from '../services/intake';
import type { LoginService } from '../services/login';
import type { PhotoService } from '../services/photos';
import type { PollAdvice } from '../services/poll-advice';
import type { StatutBoard } from '../services/statut-board';
import type { Traffic } from '../services/traffic';
import { confirmOperation, postConfirm } from './confirm';
import { countRefusals } from './count-refusals';
import { getDatas, getDatasOperation } from './get-datas';
import { getLastIdLogs, getListSyncParams, lastIdLogsOperation, listSyncParamsOperation } from './handshake';
import { loginOperation, postLogin } from './login';
import { getPhoto, photoOperation } from './photos';
import { addPollAfter } from './poll-after';
import { postDatas, postDatasOperation } from './post-datas';
import { getSync, syncOperation } from './sync';
import { statutOperation } from './statut';
import { speakTus } from './uploads';
import { uploadOperations } from './uploads-operations';

export interface V4Services {
  readonly board: StatutBoard;
  readonly login: LoginService;
  readonly handshake: HandshakeService;
  readonly intake: IntakeService;
  readonly delivery: DeliveryService;
  readonly photos: PhotoService;
  readonly uploads: RequestHandler;
  readonly statut: RequestHandler;
  readonly advice: Pick<PollAdvice, 'secondsAfterRefusal'>;
  readonly traffic: Pick<Traffic, 'uploadRefused'>;
  readonly maxArchiveBytes: number;
  readonly uploadIdleSeconds: number;
}

export interface V4Interface extends Interface {
  /** The calls that every sync makes, for `createDirectRoutes`. */
  readonly direct: readonly Route[];
  /** What has to run after an error of a call, before the response. */
  readonly onError: readonly ErrorRequestHandler[];
}

/** The verbs of the calls that every sync makes; the status poll is served even before (`v4/statut.ts`). */
const directVerbs = /\/(login|lastIdLogs|listSyncParams|datas|confirm)$/;

/** The ePack V4 protocol, one line for each call. Nearly all status polls are served before this (`v4/statut.ts`). */
export function createV4Router(services: V4Services): V4Interface {
  const router = Router({ caseSensitive: true, strict: false });
  const caller = createCallerCheck(services.board);
  const { delivery, handshake, uploads } = services;
  const routes: Route[] = [
    {
      ...loginOperation,
      handlers: [takeBodyWithin(loginMilliseconds), jsonOf('16kb'), postLogin(services.login)],
    },
    { ...statutOperation, handlers: [services.statut] },
    { ...lastIdLogsOperation, handlers: [getLastIdLogs(handshake)] },
    { ...listSyncParamsOperation, handlers: [getListSyncParams(handshake)] },
    { ...postDatasOperation, handlers: [postDatas(services.intake, services)] },
    { ...getDatasOperation, handlers: [getDatas(delivery)] },
    // A confirmation may name every instruction of a package.
    { ...confirmOperation, handlers: [takeBody, jsonOf('16mb'), postConfirm(delivery)] },
    { ...syncOperation, handlers: [getSync(delivery, services.board)] },
    { ...photoOperation, handlers: [getPhoto(services.photos)] },
    ...uploadOperations.map((operation) => ({ ...operation, handlers: [uploads] })),
  ];
  const onError = [countRefusals(services.traffic), addPollAfter(services.advice)];
  const checksFor = (access: Access) => (access === 'anyone' ? [] : [caller]);
  router.use('/v4/:channel/uploads', speakTus);
  mountRoutes(router, routes, checksFor);
  const openRoutes = routes.filter(({ access }) => access === 'anyone');
  refuseOtherMethods(router, openRoutes, [refuseUnknownChannel]);
  refuseOtherMethods(
    router,
    routes.filter((route) => !openRoutes.includes(route)),
    [caller],
  );
  // Everything else: unknown channels, unknown routes and missing tokens get different errors.
  router.all('/v4/:channel{/*rest}', caller);
  router.use(onError);
  const direct = routes
    .filter(({ path }) => directVerbs.test(path))
    .map((route) => ({ ...route, handlers: [...checksFor(route.access), ...route.handlers] }));
  return { router, operations: routes, direct, onError };
}

/** For the few hundred bytes of a login, on a very bad connection. */
const loginMilliseconds = 60_000;

/**
 * The body is read whatever its declared type, because a confirmation that counts as empty would confirm what the
 * solution reports as failed.
 */
const jsonOf = (limit: string): RequestHandler => express.json({ limit, strict: false, type: () => true });
