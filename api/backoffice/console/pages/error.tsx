import type { VNode } from 'preact';
import type { AppError } from '../../../../shared/errors/app-error';
import { Page, PlainPage } from '../layout';
import { problemTextOf } from '../problem-text';
import type { Visit } from '../visit';
import type { Words } from '../words';

/** Explains what went wrong and what to do. `error` null: it was not foreseen. */
export function errorPage(words: Words, visit: Visit | null, error: AppError | null): VNode {
  const title = titleOf(words, error);
  const content = (
    <section class="card narrow">
      {visit === null && <h1>{title}</h1>}
      <p>{adviceOf(words, error)}</p>
      {error !== null && tellsMore(error) && <p class="soft">{problemTextOf(words, error)}</p>}
      <p>
        <a class="button quiet" href="/">
          {words.toStart}
        </a>
      </p>
    </section>
  );
  return visit === null ? (
    <PlainPage words={words} title={title}>
      {content}
    </PlainPage>
  ) : (
    <Page visit={visit} title={title}>
      {content}
    </Page>
  );
}

function titleOf({ errors }: Words, error: AppError | null): string {
  if (error === null) return errors.unforeseen;
  switch (error.kind) {
    case 'absent':
      return errors.absent;
    case 'forbidden':
    case 'unauthenticated':
      return error.code === 'wrong-status' ? errors.busy : errors.forbidden;
    case 'stale':
      return errors.stale;
    case 'unavailable':
      return errors.unavailable;
    case 'too-many':
      return errors.tooMany;
    default:
      return errors.refused;
  }
}

function adviceOf({ errors }: Words, error: AppError | null): string {
  if (error === null) return errors.unforeseenAdvice;
  switch (error.kind) {
    case 'absent':
      return errors.absentAdvice;
    case 'forbidden':
    case 'unauthenticated':
      return error.code === 'wrong-status' ? errors.busyAdvice : errors.forbiddenAdvice;
    case 'stale':
      return errors.staleAdvice;
    case 'unavailable':
      return errors.unavailableAdvice;
    case 'too-many':
      return errors.tooManyAdvice(Math.ceil((error.retryAfterSeconds ?? 60) / 60));
    default:
      return errors.refusedAdvice;
  }
}

/** For other kinds of errors, the advice is enough. */
const tellsMore = ({ kind }: AppError) =>
  !['absent', 'forbidden', 'unauthenticated', 'stale', 'unavailable', 'too-many'].includes(kind);
