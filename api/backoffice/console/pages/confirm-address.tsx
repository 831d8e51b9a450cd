import express, { type Request, type Response, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { confirmAddressPath } from '../../../../shared/domain/notification';
import type { AddressQuestion } from '../../../../shared/stores/notifications/address-confirmation-store';
import { addressOf } from '../../../http/address';
import { decode } from '../../../http/decode';
import { needBodyWithin } from '../../../http/expect';
import { needSameSite, signInBodyMilliseconds } from '../../http/authentication';
import type { NotificationService } from '../../services/notifications';
import { Brand, PlainPage } from '../layout';
import { Field, ProblemNote } from '../parts';
import { renderPage } from '../render';
import { type Words, wordsFor } from '../words';

interface Services {
  readonly notifications: Pick<NotificationService, 'questionOf' | 'confirm'>;
}

const form = z.object({ token: z.string().max(200).default('') });

/**
 * The page behind the link in a mail. Its reader, who may not be a user, confirms that notifications may be sent.
 * Opening the page changes nothing, so that programs that check links in mails do not confirm anything.
 */
export function createConfirmAddressRoutes({ notifications }: Services): Router {
  const router = Router();

  router.get(confirmAddressPath, async (request, response) => {
    const { token } = decode(form, request.query);
    const words = wordsFor(request);
    if (token === '') {
      response.send(renderPage(codePage(words, null)));
      return;
    }
    const question = await notifications.questionOf(token.trim());
    if (question === null) tellThatItIsOver(request, response);
    else response.send(renderPage(questionPage(words, question, token.trim())));
  });

  router.post(confirmAddressPath, ...readForm, async (request, response) => {
    needSameSite(request);
    const { token } = decode(form, request.body ?? {});
    const confirmed = await notifications.confirm(token.trim(), addressOf(request));
    if (confirmed === null) tellThatItIsOver(request, response);
    else response.send(renderPage(confirmedPage(wordsFor(request), confirmed)));
  });

  return router;
}

const readForm = [
  needBodyWithin(signInBodyMilliseconds),
  express.urlencoded({ limit: '16kb', extended: false }),
];

function tellThatItIsOver(request: Request, response: Response): void {
  const words = wordsFor(request);
  response.status(404).send(renderPage(codePage(words, words.confirmLinkIsOver)));
}

const questionPage = (words: Words, question: AddressQuestion, token: string): VNode => (
  <DoorPage words={words} title={words.confirmAddress}>
    <Concerned words={words} question={question} />
    <p>{words.confirmAddressMeaning}</p>
    <ul class="rows">
      {question.events.map((event) => (
        <li>{words.notificationEvents[event]}</li>
      ))}
    </ul>
    <form method="post" action={confirmAddressPath} class="stack">
      <input type="hidden" name="token" value={token} />
      <button class="button wide">{words.confirm}</button>
    </form>
  </DoorPage>
);

const confirmedPage = (words: Words, question: AddressQuestion): VNode => (
  <DoorPage words={words} title={words.addressIsConfirmed}>
    <Concerned words={words} question={question} />
    <p>{words.addressIsConfirmedMeaning}</p>
  </DoorPage>
);

/** For a mail without a link, or a link that was broken on its way. */
const codePage = (words: Words, problem: string | null): VNode => (
  <DoorPage words={words} title={words.confirmAddress}>
    <form method="get" action={confirmAddressPath} class="stack">
      <ProblemNote problem={problem} />
      <Field label={words.confirmCode}>
        <input name="token" required autocomplete="off" maxLength={200} />
      </Field>
      <button class="button wide">{words.goOn}</button>
    </form>
  </DoorPage>
);

const Concerned = ({ words, question }: { words: Words; question: AddressQuestion }): VNode => (
  <p>
    <strong class="wrap">{question.address}</strong>
    {question.accountName !== null && (
      <span class="soft"> · {words.confirmForAccount(question.accountName)}</span>
    )}
  </p>
);

interface DoorPageProps {
  readonly words: Words;
  readonly title: string;
  readonly children: VNode | (VNode | null)[];
}

const DoorPage = ({ words, title, children }: DoorPageProps): VNode => (
  <PlainPage words={words} title={title}>
    <div class="door">
      <Brand />
      <h1>{title}</h1>
      <section class="card stack">{children}</section>
    </div>
  </PlainPage>
);
