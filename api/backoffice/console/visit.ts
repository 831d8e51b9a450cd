import express, { type Request, type RequestHandler, type Response } from 'express';
import type { VNode } from 'preact';
import type { Caller } from '../../../shared/domain/staff';
import { AppError } from '../../../shared/errors/app-error';
import { crossSite } from '../../../shared/errors/catalog';
import { problemOf } from '../../http/problem';
import { callerOf, tokenOf, visitorOf } from '../http/authentication';
import type { OverviewService, WaitingCounts } from '../services/overview';
import { csrfField, csrfTokenOf, isCsrfToken } from './csrf';
import { renderPage } from './render';
import { type Words, wordsFor } from './words';

/** Who looks at a page, in which language, and what every page shows. */
export interface Visit {
  readonly caller: Caller;
  readonly words: Words;
  /** For the hidden field of the forms. */
  readonly csrf: string;
  /** e.g. `/solutions/3/syncs`. */
  readonly path: string;
  readonly waiting: WaitingCounts;
  /** What has just been done, to be told once. */
  readonly done: string | null;
}

/** Makes the request handlers of pages and of forms. */
export type Visiting = ReturnType<typeof createVisiting>;

export function createVisiting(overview: Pick<OverviewService, 'waiting'>) {
  return {
    /** A page for whoever is signed in; a visitor is led to the form first, and back here after it. */
    page:
      (show: (visit: Visit, request: Request) => Promise<VNode>): RequestHandler =>
      async (request, response) => {
        const visit = await visitOf(request);
        if (visit === null) response.redirect(303, signInPath(request));
        else response.send(renderPage(await show(visit, request)));
      },

    /** A file, or data for a script. Nothing for a visitor but the way to the form. */
    data:
      (answer: (caller: Caller, request: Request, response: Response) => Promise<void>): RequestHandler =>
      async (request, response) => {
        const caller = visitorOf(request);
        if (caller === null) response.redirect(303, signInPath(request));
        else await answer(caller, request, response);
      },

    /**
     * What a form does. `act` answers where to go then. Where it was refused for what was typed, `again` shows the
     * form anew with the reason; without it, or for any other reason, the error's own page is shown.
     */
    form: (
      act: (caller: Caller, request: Request) => Promise<string>,
      again?: (visit: Visit, request: Request, problem: AppError) => Promise<VNode>,
    ): RequestHandler[] => [
      needSession,
      readForm,
      async (request, response) => {
        const caller = callerOf(request);
        needCsrfToken(request);
        try {
          response.redirect(303, await act(caller, request));
        } catch (error) {
          if (again === undefined || !isAboutInput(error)) throw error;
          const visit = await visitBy(caller, request);
          response.status(problemOf(error).status).send(renderPage(await again(visit, request, error)));
        }
      },
    ],

    /** As `form`, where the answer is shown once and never again: a new secret. */
    answer: (answer: (visit: Visit, request: Request) => Promise<VNode>): RequestHandler[] => [
      needSession,
      readForm,
      async (request, response) => {
        needCsrfToken(request);
        const visit = await visitBy(callerOf(request), request);
        response.send(renderPage(await answer(visit, request)));
      },
    ],

    visitOf,
  };

  async function visitOf(request: Request): Promise<Visit | null> {
    const caller = visitorOf(request);
    return caller === null ? null : visitBy(caller, request);
  }

  async function visitBy(caller: Caller, request: Request): Promise<Visit> {
    const { done } = request.query;
    return {
      caller,
      words: wordsFor(request),
      csrf: csrfTokenOf(tokenOf(request)),
      path: request.path,
      waiting: await overview.waiting(caller),
      done: typeof done === 'string' ? done : null,
    };
  }
}

/** Nobody sends us megabytes before we know who it is. */
const needSession: RequestHandler = (request, response, next) => {
  if (visitorOf(request) === null) response.redirect(303, '/');
  else next();
};

/** A corrected file of the quarantine may be as large as this. */
const readForm = express.urlencoded({ limit: '16mb', extended: false, parameterLimit: 5_000 });

/** Only a path of ours: a link must not lead elsewhere after the form. */
export const isLocalPath = (text: string): boolean => /^\/(?![/\\])[\x21-\x7e]*$/.test(text);

function signInPath(request: Request): string {
  const { originalUrl } = request;
  if (request.method !== 'GET' || originalUrl === '/' || !isLocalPath(originalUrl)) return '/';
  return `/?next=${encodeURIComponent(originalUrl)}`;
}

function needCsrfToken(request: Request): void {
  const body: unknown = request.body;
  const given = typeof body === 'object' && body !== null ? Object.entries(body) : [];
  const token: unknown = given.find(([name]) => name === csrfField)?.[1];
  if (!isCsrfToken(token, tokenOf(request))) throw crossSite();
}

const inputKinds = ['invalid', 'unprocessable', 'conflict', 'stale'];

const isAboutInput = (error: unknown): error is AppError =>
  error instanceof AppError && inputKinds.includes(error.kind);
