import express, { type Request, type RequestHandler, type Response } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Caller } from '../../../shared/domain/staff';
import { AppError } from '../../../shared/errors/app-error';
import { crossSite } from '../../../shared/errors/catalog';
import { needBodyWithin } from '../../http/expect';
import { problemOf } from '../../http/problem';
import {
  callerOf,
  isSameSite,
  proofOf,
  signInBodyMilliseconds,
  tokenOf,
  visitorOf,
} from '../http/authentication';
import type { KeptFormService } from '../services/kept-forms';
import type { OverviewService, WaitingCounts } from '../services/overview';
import { csrfField, csrfTokenOf, isCsrfToken } from './csrf';
import { keepableFields, keptField, pageField, textOfField } from './form-input';
import type { FormKey, WrittenForm } from './form-key';
import { linkTo } from './link';
import { renderPage } from './render';
import { type Words, wordsFor } from './words';

/** The user of a page, the language, and what every page shows. */
export interface Visit {
  readonly caller: Caller;
  readonly words: Words;
  /** For the forms. */
  readonly csrf: FormKey;
  /** e.g. `/solutions/3/syncs`. */
  readonly path: string;
  readonly waiting: WaitingCounts;
  /** The user signs in with the password alone and could set up a second factor. */
  readonly isPasswordAlone: boolean;
  /** The action that has just been done. It is shown once. */
  readonly done: string | null;
}

/** Makes the request handlers of pages and of forms. */
export type Visiting = ReturnType<typeof createVisiting>;

interface VisitingParts {
  readonly overview: Pick<OverviewService, 'waiting'>;
  readonly keptForms: KeptFormService;
}

export function createVisiting({ overview, keptForms }: VisitingParts) {
  /**
   * Runs before every form. A caller who is not signed in (any more) is led to the sign-in page, and what they entered
   * is kept.
   */
  const gate: RequestHandler[] = [
    async (request, response, next) => {
      if (visitorOf(request) !== null) next();
      else await leadToSignIn(request, response);
    },
    readForm,
    async (request, response, next) => {
      if (isCsrfToken(textOfField(request.body, csrfField), tokenOf(request))) {
        next();
        return;
      }
      // The form of an earlier session, sent in a newer one: the author must check it and send it again.
      const keptId = await keep(request, callerOf(request));
      if (keptId === null) throw crossSite();
      response.redirect(303, linkTo(pageOf(request), { [keptParameter]: keptId }));
    },
  ];

  return {
    /** A page for users who are signed in. Others are led to the sign-in form first, and back here afterwards. */
    page:
      (show: (visit: Visit, request: Request) => Promise<VNode>): RequestHandler =>
      async (request, response) => {
        const visit = await visitOf(request);
        if (visit === null) response.redirect(303, signInPath(request));
        else response.send(renderPage(await show(visit, request)));
      },

    /** A file, or data for a script. Callers who are not signed in are led to the sign-in form. */
    data:
      (answer: (caller: Caller, request: Request, response: Response) => Promise<void>): RequestHandler =>
      async (request, response) => {
        const caller = visitorOf(request);
        if (caller === null) response.redirect(303, signInPath(request));
        else await answer(caller, request, response);
      },

    /**
     * What a form does. `act` returns where to go then. If what was entered is refused, `again` shows the form once
     * more with the reason, and the form fills in what was entered. Without `again`, or for any other error, the page
     * of the error is shown.
     */
    form: (
      act: (caller: Caller, request: Request) => Promise<string>,
      again?: (visit: Visit, request: Request, problem: AppError) => Promise<VNode>,
    ): RequestHandler[] => [
      ...gate,
      async (request, response) => {
        const caller = callerOf(request);
        try {
          const next = await act(caller, request);
          await forgetKept(caller, request);
          response.redirect(303, next);
        } catch (error) {
          if (again === undefined || !isAboutInput(error)) throw error;
          const visit = await visitBy(caller, request, writtenIn(request));
          response.status(problemOf(error).status).send(renderPage(await again(visit, request, error)));
        }
      },
    ],

    /** As `form`, where the answer is shown once and never again: a new secret. */
    answer: (
      answer: (visit: Visit, request: Request) => Promise<VNode>,
      again?: (visit: Visit, request: Request, problem: AppError) => Promise<VNode>,
    ): RequestHandler[] => [
      ...gate,
      async (request, response) => {
        const caller = callerOf(request);
        try {
          const page = await answer(await visitBy(caller, request, null), request);
          await forgetKept(caller, request);
          response.send(renderPage(page));
        } catch (error) {
          if (again === undefined || !isAboutInput(error)) throw error;
          const visit = await visitBy(caller, request, writtenIn(request));
          response.status(problemOf(error).status).send(renderPage(await again(visit, request, error)));
        }
      },
    ],

    visitOf,
  };

  async function leadToSignIn(request: Request, response: Response): Promise<void> {
    const isRead = isSameSite(request) && (await isReadable(request, response));
    const keptId = isRead ? await keep(request, null) : null;
    const page = isRead ? pageOf(request) : '/';
    if (keptId !== null) response.redirect(303, pathToSignIn(linkTo(page, { [keptParameter]: keptId })));
    else response.redirect(303, page === '/' ? '/' : pathToSignIn(page));
  }

  async function keep(request: Request, caller: Caller | null): Promise<string | null> {
    const token = textOfField(request.body, csrfField);
    const fields = keepableFields(request.body);
    const action = request.originalUrl;
    if (token === null || fields === null || action.length > longestPath || !isLocalPath(action)) return null;
    return keptForms.keep(token, caller, { page: pageOf(request), action, fields });
  }

  async function keptFor(caller: Caller, request: Request): Promise<WrittenForm | null> {
    const id = z.guid().safeParse(request.query[keptParameter]).data;
    const kept = id === undefined ? null : await keptForms.find(caller, id);
    return kept === null
      ? null
      : { action: kept.action, fields: kept.fields, hasHidden: true, keptId: kept.id };
  }

  async function forgetKept(caller: Caller, request: Request): Promise<void> {
    const id = z.guid().safeParse(textOfField(request.body, keptField)).data;
    if (id !== undefined) await keptForms.forget(caller, id);
  }

  async function visitOf(request: Request): Promise<Visit | null> {
    const caller = visitorOf(request);
    return caller === null ? null : visitBy(caller, request, await keptFor(caller, request));
  }

  async function visitBy(caller: Caller, request: Request, written: WrittenForm | null): Promise<Visit> {
    const { done } = request.query;
    const { method, hasSecondFactor } = proofOf(request);
    return {
      caller,
      words: wordsFor(request),
      csrf: { token: csrfTokenOf(tokenOf(request)), page: pageOf(request), written },
      path: request.path,
      waiting: await overview.waiting(caller),
      isPasswordAlone: method === 'password' && !hasSecondFactor,
      done: typeof done === 'string' ? done : null,
    };
  }
}

/** A corrected file of the quarantine may be as large as this. */
const readForm = express.urlencoded({ limit: '16mb', extended: false, parameterLimit: 5_000 });

/** Anyone may claim that their session has ended. A form that takes longer is given up, because it holds a connection. */
const needStrangersForm = needBodyWithin(signInBodyMilliseconds);

/** Large bodies are only accepted from callers who are signed in. */
const readStrangersForm: RequestHandler = express.urlencoded({
  limit: '1mb',
  extended: false,
  parameterLimit: 5_000,
});

/** False: it is too large, or no form. */
const isReadable = (request: Request, response: Response): Promise<boolean> =>
  new Promise((resolve) => {
    needStrangersForm(request, response, () =>
      readStrangersForm(request, response, (error?: unknown) => resolve(error === undefined)),
    );
  });

const keptParameter = 'kept';

/** The input that was refused. */
const writtenIn = (request: Request): WrittenForm => ({
  action: request.originalUrl,
  fields: request.body,
  hasHidden: false,
  keptId: textOfField(request.body, keptField),
});

/** The page that follows a form. After a form it is the page that showed the form. */
function pageOf(request: Request): string {
  const path = request.method === 'GET' ? request.originalUrl : textOfField(request.body, pageField);
  return path === null ? '/' : withoutDone(path);
}

/** Without the parts that are shown once. */
function withoutDone(path: string): string {
  if (path.length > longestPath || !isLocalPath(path)) return '/';
  const { pathname, searchParams } = new URL(path, 'http://here.invalid');
  searchParams.delete(keptParameter);
  searchParams.delete('done');
  const query = searchParams.toString();
  const plain = query === '' ? pathname : `${pathname}?${query}`;
  return isLocalPath(plain) ? plain : '/';
}

const longestPath = 1_500;

/** Only accepts a path of this server, because a link must not lead elsewhere after the form. */
export const isLocalPath = (text: string): boolean => /^\/(?![/\\])[\x21-\x7e]*$/.test(text);

function signInPath(request: Request): string {
  const { originalUrl } = request;
  if (request.method !== 'GET' || originalUrl === '/' || !isLocalPath(originalUrl)) return '/';
  return pathToSignIn(originalUrl);
}

const pathToSignIn = (next: string) => `/sign-in?next=${encodeURIComponent(next)}`;

const inputKinds = ['invalid', 'unprocessable', 'conflict', 'stale'];

const isAboutInput = (error: unknown): error is AppError =>
  error instanceof AppError && inputKinds.includes(error.kind);
