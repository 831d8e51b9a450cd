import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import { isTimeZone } from '../../../../shared/domain/known-zone';
import { confirmations, loginPolicies } from '../../../../shared/domain/solution-settings';
import { mayEdit } from '../../../../shared/domain/staff';
import { badRequest } from '../../../../shared/errors/catalog';
import type { Account } from '../../../../shared/stores/solutions/account-store';
import { decode } from '../../../http/decode';
import { idOf, pathId, textOf } from '../../http/request-fields';
import type { NotificationService } from '../../services/notifications';
import { type OtherZoneReadings, readableCount } from '../../../../shared/domain/other-zone-readings';
import type { OtherZoneService } from '../../services/other-zones';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { touchedTexts } from '../form-input';
import { durationText, numberText } from '../format';
import { ActionForm, Card, Facts, Field, Moment, ProblemNote, Select } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import { SolutionPage } from './solution-frame';
import { PolicyFields, secretPage } from './solutions';

interface Services {
  readonly solutions: Pick<SolutionService, 'get' | 'update' | 'replaceSecret' | 'retire'>;
  readonly otherZones: OtherZoneService;
  /** The accounts that someone may choose from. */
  readonly notifications: Pick<NotificationService, 'accounts'>;
}

const settings = z.object({
  name: textOf(200).optional(),
  mail: textOf(320).optional(),
  account: idOf.optional(),
  loginPolicy: z.enum(loginPolicies).optional(),
  confirmation: z.enum(confirmations).optional(),
  timezone: textOf(64).refine(isTimeZone, 'is no time zone').optional(),
});
const secretForm = z
  .object({ leaked: z.literal('yes').optional() })
  .transform(({ leaked }) => ({ isLeaked: leaked === 'yes' }));
const deeds = ['block', 'unblock', 'unlock', 'forget-mac', 'ignore-mac'] as const;

/** The settings of a solution, and the people who may use it. */
export function createSettingsPageRoutes(
  { solutions, otherZones, notifications }: Services,
  visiting: Visiting,
): Router {
  const router = Router();

  router.get(
    '/solutions/:id/settings',
    visiting.page((visit, request) => show(visit, request, null)),
  );

  router.post(
    '/solutions/:id/settings',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'solution');
        const touched = touchedTexts(request.body);
        if (Object.keys(settings.shape).every((name) => touched[name] === undefined)) {
          return `/solutions/${id}/settings?done=unchanged`;
        }
        const { account, ...changes } = decode(settings, touched);
        await solutions.update(caller, id, { ...changes, accountId: account });
        return `/solutions/${id}/settings?done=saved`;
      },
      (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/solutions/:id/secret',
    ...visiting.answer(async (visit, request) =>
      secretPage(
        visit,
        await solutions.replaceSecret(
          visit.caller,
          pathId(request, 'solution'),
          decode(secretForm, request.body),
        ),
      ),
    ),
  );

  router.post(
    '/solutions/:id/read-times-anew',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'solution');
      await otherZones.readAnew(caller, id);
      return `/solutions/${id}/settings?done=read-anew`;
    }),
  );

  router.post(
    '/solutions/:id/retire',
    visiting.form(async (caller, request) => {
      await solutions.retire(caller, pathId(request, 'solution'));
      return '/solutions?done=retired';
    }),
  );

  router.post(
    '/solutions/:id/access/:deed',
    visiting.form(async (caller, request) => {
      const id = pathId(request, 'solution');
      const deed = deeds.find((one) => one === request.params['deed']);
      if (deed === undefined) throw badRequest('There is no such deed.');
      await solutions.update(caller, id, changesOf[deed]);
      return `/solutions/${id}/settings?done=saved`;
    }),
  );

  return router;

  async function show(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const { caller } = visit;
    const solution = await solutions.get(caller, pathId(request, 'solution'));
    const accounts = mayEdit(caller) ? await notifications.accounts(caller) : [];
    const elsewhere = await otherZones.look(caller, solution.id);
    return settingsPage(visit, { solution, accounts, elsewhere }, problem);
  }
}

const changesOf = {
  block: { isBlocked: true },
  unblock: { isBlocked: false },
  unlock: { isLocked: false },
  'forget-mac': { mac: null },
  'ignore-mac': { mac: 'ignore' },
} as const;

interface Shown {
  readonly solution: SolutionDetail;
  readonly accounts: readonly Account[];
  /** Readings that are stored in another time zone. */
  readonly elsewhere: OtherZoneReadings;
}

function settingsPage(
  visit: Visit,
  { solution, accounts, elsewhere }: Shown,
  problem: ProblemText | null,
): VNode {
  const { words, csrf, caller } = visit;
  const canEdit = mayEdit(caller);
  const skew = solution.clockSkewSeconds;
  return (
    <SolutionPage visit={visit} solution={solution} tab="settings">
      <div class="columns">
        <Card title={words.solution}>
          <ActionForm action={`/solutions/${solution.id}/settings`} csrf={csrf} class="stack">
            <ProblemNote problem={problem} />
            <fieldset disabled={!canEdit} class="stack">
              <legend class="visually-hidden">{words.tabs.settings}</legend>
              <Field label={words.name}>
                <input name="name" required maxLength={200} value={solution.name} />
              </Field>
              {canEdit && (
                <Field label={words.mail} hint={words.mailHint}>
                  <input name="mail" required maxLength={320} inputMode="email" value={solution.mail} />
                </Field>
              )}
              {accounts.length > 1 && (
                <Field label={words.account}>
                  <Select
                    name="account"
                    value={String(solution.account.id)}
                    options={accounts.map(({ id, name }) => [String(id), name] as const)}
                  />
                </Field>
              )}
              <PolicyFields words={words} values={solution} />
            </fieldset>
            {canEdit && <button class="button">{words.save}</button>}
          </ActionForm>
        </Card>
        <div class="stack">
          <OtherZoneCard visit={visit} solution={solution} elsewhere={elsewhere} />
          <Card title={words.device}>
            <Facts
              entries={[
                [words.mail, solution.mail],
                [words.account, solution.account.name],
                ['MAC', solution.mac ?? words.notBoundYet],
                [words.version, solution.version ?? '–'],
                [
                  words.clock,
                  skew === null ? '–' : words.clockOff(durationText(words, Math.abs(skew)), skew),
                ],
                [words.enrolled, <Moment words={words} at={solution.createdAt} zone={solution.timezone} />],
              ]}
            />
          </Card>
          {canEdit && <AccessCard visit={visit} solution={solution} />}
        </div>
      </div>
    </SolutionPage>
  );
}

/** Shows nothing if all readings are stored in the solution's time zone. */
function OtherZoneCard({
  visit: { words, csrf, caller },
  solution,
  elsewhere,
}: Omit<Shown, 'accounts'> & { readonly visit: Visit }): VNode | null {
  const { readable, unreadable, request, timezone } = elsewhere;
  if (readable.length === 0 && unreadable === 0n && request === null) return null;
  const count = (readings: bigint) => numberText(words, Number(readings), 0);
  return (
    <Card title={words.otherZone}>
      {readable.map((one) => (
        <p>{words.standElsewhere(count(one.readings), one.timezone, timezone)}</p>
      ))}
      {unreadable > 0n && <p class="soft">{words.unreadableZone(count(unreadable))}</p>}
      {request !== null && (
        <p class="notice busy">{words.beingReadAnew(count(request.readings), request.askedBy)}</p>
      )}
      {request === null && readable.length > 0 && mayEdit(caller) && (
        <ActionForm action={`/solutions/${solution.id}/read-times-anew`} csrf={csrf}>
          <p class="soft">{words.readAnewMeaning}</p>
          <button class="button" data-confirm={words.confirmReadAnew}>
            {words.readAnew(count(readableCount(elsewhere)))}
          </button>
        </ActionForm>
      )}
    </Card>
  );
}

function AccessCard({ visit: { words, csrf }, solution }: { visit: Visit; solution: SolutionDetail }): VNode {
  const deed = (name: (typeof deeds)[number], text: string, question?: string) => (
    <ActionForm action={`/solutions/${solution.id}/access/${name}`} csrf={csrf}>
      <button class={name === 'block' ? 'button danger' : 'button quiet'} data-confirm={question}>
        {text}
      </button>
    </ActionForm>
  );
  return (
    <Card title={words.access}>
      <p class="soft">{words.accessMeaning}</p>
      <div class="buttons">
        {solution.lockedAt !== null && deed('unlock', words.unlock)}
        {solution.mac !== null && deed('forget-mac', words.forgetMac)}
        {solution.mac !== 'ignore' && solution.loginPolicy !== 'mac' && deed('ignore-mac', words.ignoreMac)}
        <ActionForm action={`/solutions/${solution.id}/secret`} csrf={csrf}>
          <button class="button quiet" data-confirm={words.confirmSecret}>
            {words.makeSecret}
          </button>
        </ActionForm>
        <ActionForm action={`/solutions/${solution.id}/secret`} csrf={csrf}>
          <button class="button danger" name="leaked" value="yes" data-confirm={words.confirmLeaked}>
            {words.replaceLeaked}
          </button>
        </ActionForm>
        {solution.blockedAt === null
          ? deed('block', words.block, words.confirmBlock)
          : deed('unblock', words.unblock)}
      </div>
      <p class="soft apart">{words.retireMeaning}</p>
      <ActionForm action={`/solutions/${solution.id}/retire`} csrf={csrf}>
        <button class="button danger" data-confirm={words.confirmRetire}>
          {words.retire}
        </button>
      </ActionForm>
    </Card>
  );
}
