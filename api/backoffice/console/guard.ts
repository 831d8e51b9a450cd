import express, { type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { AppError } from '../../../shared/errors/app-error';
import { problemOf } from '../../http/problem';
import { callerOf, proofOf, tokenOf, visitorOf } from '../http/authentication';
import type { OidcButton } from '../oidc/routes';
import type { SignInService } from '../services/sign-in';
import { csrfField, isCsrfToken } from './csrf';
import { textFields, textOfField } from './form-input';
import { proofField, proofPage } from './pages/proof';
import { renderPage } from './render';
import type { Visiting } from './visit';

interface Services {
  readonly signIn: Pick<SignInService, 'proveAgain'>;
  /** Null: everyone signs in with a password. */
  readonly oidcButton: OidcButton | null;
}

/** The forms that change keys, roles and secrets. */
export const guardedPaths = [
  '/solutions/:id/secret',
  '/notifications/:id/secret',
  '/users',
  '/users/:id',
  '/users/:id/second-factor/off',
];

/**
 * Runs before these forms: a user who signed in some time ago must enter the password again. The page that asks keeps
 * what was entered, so that nothing is lost.
 */
export function createGuard({ signIn, oidcButton }: Services, visiting: Visiting): RequestHandler[] {
  return [readForm, guard];

  async function guard(request: Request, response: Response, next: NextFunction): Promise<void> {
    // The form itself refuses callers who are not signed in or send a form of another session.
    if (visitorOf(request) === null || proofOf(request).isProofFresh || !isOfThisSession(request)) {
      next();
      return;
    }
    const problem = await refusalOfProof(request);
    if (problem === 'none') {
      next();
      return;
    }
    const visit = await visiting.visitOf(request);
    if (visit === null) throw new Error('a visitor is gone between two lines');
    const fields = textFields(request.body).filter(([name]) => name !== proofField);
    const state = { action: request.originalUrl, fields, problem, method: proofOf(request).method };
    response
      .status(problem === null ? 200 : problemOf(problem).status)
      .send(renderPage(proofPage(visit, state, oidcButton)));
  }

  /** Null: no proof came with the form yet. */
  async function refusalOfProof(request: Request): Promise<AppError | null | 'none'> {
    const password = fieldOf(request, proofField);
    if (password === '') return null;
    try {
      await signIn.proveAgain(callerOf(request), password, tokenOf(request));
      return 'none';
    } catch (error) {
      if (error instanceof AppError) return error;
      throw error;
    }
  }
}

const urlencoded: RequestHandler = express.urlencoded({
  limit: '1mb',
  extended: false,
  parameterLimit: 5_000,
});

/** Large bodies are only accepted from callers who are signed in. */
function readForm(request: Request, response: Response, next: NextFunction): void {
  if (visitorOf(request) === null) next();
  else urlencoded(request, response, next);
}

const fieldOf = (request: Request, wanted: string): string => textOfField(request.body, wanted) ?? '';

const isOfThisSession = (request: Request) => isCsrfToken(fieldOf(request, csrfField), tokenOf(request));
