import { Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { AppError } from '../../../../shared/errors/app-error';
import { decode } from '../../../http/decode';
import { givenCode } from '../../http/request-fields';
import type { SecondFactorOffer, SecondFactorService } from '../../services/second-factor';
import { Page } from '../layout';
import { ActionForm, Card, Field, ProblemNote } from '../parts';
import { QrCode } from '../qr-code';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';

interface Services {
  readonly secondFactor: SecondFactorService;
}

export const secondFactorPath = '/me/second-factor';

const proof = z.object({ code: givenCode });

/** Setting up one's own second factor, and giving it up. */
export function createSecondFactorPageRoutes({ secondFactor }: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    secondFactorPath,
    visiting.page(async (visit) => offerPage(visit, await secondFactor.offer(visit.caller), null)),
  );

  // Answered with the recovery codes, so it cannot lead elsewhere: a wrong code shows the form again.
  router.post(
    secondFactorPath,
    ...visiting.answer(
      async (visit, request) =>
        codesPage(visit, await secondFactor.turnOn(visit.caller, decode(proof, request.body).code)),
      async (visit, _request, problem: AppError) =>
        offerPage(visit, await secondFactor.offer(visit.caller), problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    `${secondFactorPath}/off`,
    visiting.form(async (caller, request) => {
      await secondFactor.turnOff(caller, decode(proof, request.body).code);
      return '/me?done=second-factor-off';
    }),
  );

  return router;
}

const offerPage = (visit: Visit, { secret, uri }: SecondFactorOffer, problem: ProblemText | null): VNode => {
  const { words, csrf } = visit;
  return (
    <Page visit={visit} title={words.secondFactor} trail={[{ href: '/me', text: words.myAccount }]}>
      <section class="card narrow stack">
        <p>{words.secondFactorSteps}</p>
        <QrCode text={uri} label={words.qrCode} />
        <p class="soft">
          {words.secretByHand} <code class="secret">{secret.match(/.{1,4}/g)?.join(' ') ?? secret}</code>
        </p>
        <ActionForm action={secondFactorPath} csrf={csrf} class="stack">
          <ProblemNote problem={problem} />
          <Field label={words.codeOfApp}>
            <input name="code" required inputMode="numeric" autocomplete="one-time-code" maxLength={64} />
          </Field>
          <button class="button">{words.turnOn}</button>
        </ActionForm>
      </section>
    </Page>
  );
};

/** The only time that the recovery codes can be read. */
const codesPage = (visit: Visit, codes: readonly string[]): VNode => {
  const { words } = visit;
  return (
    <Page visit={visit} title={words.recoveryCodes} trail={[{ href: '/me', text: words.myAccount }]}>
      <Card>
        <p class="notice busy" role="status">
          {words.recoveryCodesMeaning}
        </p>
        <ul class="rows">
          {codes.map((code) => (
            <li>
              <code class="secret">{code}</code>
            </li>
          ))}
        </ul>
        <p>
          <a class="button" href="/me">
            {words.goOn}
          </a>
        </p>
      </Card>
    </Page>
  );
};
