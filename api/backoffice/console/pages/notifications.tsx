import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import {
  confirmationHours,
  type MailLanguage,
  mailLanguages,
  notificationEvents,
  type NotificationState,
  secretOverlapHours,
  targetKinds,
} from '../../../../shared/domain/notification';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { isAdmin } from '../../../../shared/domain/staff';
import { notFound } from '../../../../shared/errors/catalog';
import type { Account } from '../../../../shared/stores/solutions/account-store';
import type { Notification } from '../../../../shared/stores/notifications/notification-store';
import type { NotificationTarget } from '../../../../shared/stores/notifications/notification-target-store';
import { decode } from '../../../http/decode';
import { idOf, pageOfQuery, pageQuery, pathId, pathText, textOf } from '../../http/request-fields';
import type { NotificationService } from '../../services/notifications';
import { blankless, listOf, tickedAfter, touchedTexts, touchedTick } from '../form-input';
import { Page } from '../layout';
import {
  ActionForm,
  Badge,
  Card,
  Empty,
  Facts,
  Field,
  Moment,
  Pager,
  ProblemNote,
  Select,
  Table,
  type Tone,
} from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import { ExactReason } from '../refusal';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';

interface Services {
  readonly notifications: NotificationService;
  readonly sendsMail: boolean;
}

const query = pageQuery(idOf);
const listQuery = pageQuery(z.guid());
const terms = {
  address: textOf(2_000),
  staleHours: z.coerce.number().int().min(1).max(8_760),
  language: z.enum(mailLanguages),
};
const newTarget = z.object({
  ...terms,
  kind: z.enum(targetKinds),
  account: z.union([z.literal('all').transform(() => null), idOf]),
});
const edit = z.object(terms).partial();
const events = z.array(z.enum(notificationEvents)).min(1);

/** The recipients of each notification. Managers see only their accounts. */
export function createNotificationPageRoutes(
  { notifications, sendsMail }: Services,
  visiting: Visiting,
): Router {
  const router = Router();

  router.get(
    '/notifications',
    visiting.page((visit, request) => showTargets(visit, request, null)),
  );

  router.post(
    '/notifications',
    ...visiting.answer(add, (visit, request, problem) =>
      showTargets(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.get(
    '/notifications/:id',
    visiting.page((visit, request) => showTarget(visit, request, null)),
  );

  router.post(
    '/notifications/:id',
    visiting.form(
      async (caller, request) => {
        const id = targetId(request);
        const changes = decode(edit, touchedTexts(request.body));
        const before = await notifications.get(caller, id);
        const isPaused = touchedTick(request.body, 'paused');
        const ticked = decode(events, tickedAfter(request.body, 'event', before.events));
        const isSame = isPaused === undefined && ticked.join() === before.events.join();
        if (isSame && Object.keys(changes).length === 0) return `/notifications/${id}?done=unchanged`;
        await notifications.update(caller, id, { ...changes, isPaused, events: ticked });
        return `/notifications/${id}?done=saved`;
      },
      (visit, request, problem) => showTarget(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  router.post(
    '/notifications/:id/test',
    visiting.form(async (caller, request) => {
      await notifications.test(caller, targetId(request));
      return `/notifications/${targetId(request)}?done=test-sent`;
    }),
  );

  router.post(
    '/notifications/:id/confirmation',
    visiting.form(async (caller, request) => {
      await notifications.askAgain(caller, targetId(request));
      return `/notifications/${targetId(request)}?done=owner-asked`;
    }),
  );

  router.post(
    '/notifications/:id/secret',
    ...visiting.answer(async (visit, request) => {
      const id = targetId(request);
      const secret = await notifications.replaceSecret(visit.caller, id);
      return secretPage(visit, await notifications.get(visit.caller, id), secret);
    }),
  );

  router.post(
    '/notifications/:id/remove',
    visiting.form(async (caller, request) => {
      await notifications.remove(caller, targetId(request));
      return '/notifications?done=saved';
    }),
  );

  router.post(
    '/notifications/:id/retry/:notification',
    visiting.form(async (caller, request) => {
      await notifications.retry(caller, notificationId(request));
      return `/notifications/${targetId(request)}?done=saved`;
    }),
  );

  return router;

  async function add(visit: Visit, request: Request): Promise<VNode> {
    const { account: accountId, ...input } = decode(newTarget, blankless(request.body));
    const chosen = { ...input, accountId, events: decode(events, listOf(request.body, 'event')) };
    const { target, secret } = await notifications.create(visit.caller, chosen);
    return secret === null
      ? showTargets({ ...visit, done: 'saved' }, request, null)
      : secretPage(visit, target, secret);
  }

  async function showTargets(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const page = pageOfQuery(decode(query, blankless(request.query)));
    const targets = await notifications.list(visit.caller, null, page);
    const accounts = await notifications.accounts(visit.caller);
    return targetsPage(visit, targets, { accounts, sendsMail }, problem);
  }

  async function showTarget(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const target = await notifications.get(visit.caller, targetId(request));
    const page = pageOfQuery({ ...decode(listQuery, blankless(request.query)), limit: 25 });
    const told = await notifications.listOf(visit.caller, { targetId: target.id, state: null }, page);
    return targetPage(visit, target, { told, sendsMail, problem });
  }
}

const targetId = (request: Request) => pathId(request, 'notification target');

function notificationId(request: Request): string {
  const text = pathText(request, 'notification');
  if (!z.guid().safeParse(text).success) throw notFound('notification');
  return text;
}

interface Terms {
  readonly address: string;
  readonly events: readonly string[];
  readonly staleHours: string;
  readonly language: string;
}

const usualTerms: Terms = {
  address: '',
  events: ['sync-failed', 'solution-stale', 'approval-waiting'],
  staleHours: '24',
  language: '',
};

function targetsPage(
  visit: Visit,
  { items, next }: ListPage<NotificationTarget>,
  { accounts, sendsMail }: { readonly accounts: readonly Account[]; readonly sendsMail: boolean },
  problem: ProblemText | null,
): VNode {
  const { words, csrf, caller } = visit;
  const names = new Map(accounts.map(({ id, name }) => [id, name]));
  const everyAccount: readonly (readonly [string, string])[] = isAdmin(caller)
    ? [['all', words.everyAccount]]
    : [];
  return (
    <Page visit={visit} title={words.notifications} subtitle={words.notificationsMeaning}>
      {!sendsMail && <NoMail words={words} />}
      <div class="columns wide-left">
        <div class="stack">
          {items.length === 0 ? (
            <Empty title={words.noTargets}>{words.noTargetsAdvice}</Empty>
          ) : (
            <Table
              label={words.notifications}
              columns={[words.toldTo, words.account, words.problemTextOf, words.state]}
            >
              {items.map((target) => (
                <tr>
                  <th scope="row" class="wrap">
                    <a href={`/notifications/${target.id}`}>{shortened(target.address)}</a>
                  </th>
                  <td>{target.accountId === null ? words.everyAccount : names.get(target.accountId)}</td>
                  <td class="wrap">
                    {target.events.map((event) => words.notificationEvents[event]).join(', ')}
                  </td>
                  <td>
                    <TargetState words={words} target={target} />
                  </td>
                </tr>
              ))}
            </Table>
          )}
          <Pager words={words} base="/notifications" next={next} />
        </div>
        <Card title={words.addTarget}>
          <ActionForm action="/notifications" csrf={csrf} class="stack">
            <ProblemNote problem={problem} />
            <Field label={words.toldTo}>
              <Select
                name="kind"
                value="email"
                options={targetKinds.map((kind) => [kind, words.targetKinds[kind]] as const)}
              />
            </Field>
            <TermFields words={words} terms={usualTerms} />
            <Field label={words.account}>
              <Select
                name="account"
                value=""
                options={[...accounts.map(({ id, name }) => [String(id), name] as const), ...everyAccount]}
              />
            </Field>
            <button class="button">{words.addTarget}</button>
          </ActionForm>
        </Card>
      </div>
    </Page>
  );
}

const TermFields = ({ words, terms }: { words: Words; terms: Terms }): VNode => (
  <>
    <Field label={words.address} hint={words.addressHint}>
      <input name="address" required maxLength={2_000} value={terms.address} />
    </Field>
    <fieldset class="boxes">
      <legend class="field-label">{words.problemTextOf}</legend>
      {notificationEvents.map((event) => (
        <label class="box">
          <input type="checkbox" name="event" value={event} checked={terms.events.includes(event)} />{' '}
          {words.notificationEvents[event]}
        </label>
      ))}
    </fieldset>
    <Field label={words.staleHours}>
      <input name="staleHours" type="number" required min={1} max={8_760} value={terms.staleHours} />
    </Field>
    <Field label={words.mailLanguage}>
      <Select
        name="language"
        value={terms.language === '' ? languageOf(words) : terms.language}
        options={mailLanguages.map((language) => [language, words.mailLanguages[language]] as const)}
      />
    </Field>
  </>
);

/** A user who reads this page in French gets French mails, unless they choose otherwise. */
const languageOf = (words: Words): MailLanguage =>
  mailLanguages.find((language) => language === words.language) ?? 'en';

function TargetState({ words, target }: { words: Words; target: NotificationTarget }): VNode {
  if (target.confirmedAt === null) return <Badge tone="busy">{words.toBeConfirmed}</Badge>;
  if (target.isPaused) return <Badge tone="calm">{words.paused}</Badge>;
  if (target.parked > 0) return <Badge tone="bad">{words.givenUp(target.parked)}</Badge>;
  if (target.late > 0) return <Badge tone="busy">{words.triedAgain(target.late)}</Badge>;
  return <Badge tone="good">{words.active}</Badge>;
}

/** Without a mail server, an e-mail address would be accepted and never notified, so the page says so. */
const NoMail = ({ words }: { words: Words }): VNode => <p class="notice busy apart">{words.noMailServer}</p>;

interface TargetView {
  readonly told: ListPage<Notification>;
  readonly sendsMail: boolean;
  readonly problem: ProblemText | null;
}

function targetPage(
  visit: Visit,
  target: NotificationTarget,
  { told, sendsMail, problem }: TargetView,
): VNode {
  const { words, csrf } = visit;
  const { items, next } = told;
  const base = `/notifications/${target.id}`;
  return (
    <Page
      visit={visit}
      title={shortened(target.address)}
      subtitle={words.targetKinds[target.kind]}
      trail={[{ href: '/notifications', text: words.notifications }]}
      aside={<TargetState words={words} target={target} />}
    >
      {!sendsMail && target.kind === 'email' && <NoMail words={words} />}
      {target.confirmedAt === null && <Unconfirmed visit={visit} base={base} />}
      <div class="columns wide-left">
        <Card title={words.whatWasTold}>
          {items.length === 0 ? (
            <Empty title={words.nothingTold} />
          ) : (
            <Table
              label={words.whatWasTold}
              columns={[words.problemTextOf, words.time, words.state, words.reason]}
            >
              {items.map((one) => (
                <NotificationRow visit={visit} base={base} one={one} />
              ))}
            </Table>
          )}
          <Pager words={words} base={base} next={next} />
        </Card>
        <div class="stack">
          <ActionForm action={base} csrf={csrf} class="card stack" label={words.save}>
            <ProblemNote problem={problem} />
            <TermFields words={words} terms={{ ...target, staleHours: String(target.staleHours) }} />
            <label class="box">
              <input type="checkbox" name="paused" value="yes" checked={target.isPaused} /> {words.pause}
            </label>
            <button class="button">{words.save}</button>
          </ActionForm>
          <section class="card stack">
            {target.confirmedAt !== null && (
              <ActionForm action={`${base}/test`} csrf={csrf}>
                <button class="button quiet">{words.sendTest}</button>
              </ActionForm>
            )}
            {target.kind === 'webhook' && (
              <ActionForm action={`${base}/secret`} csrf={csrf}>
                <button class="button quiet">{words.newWebhookSecret}</button>{' '}
                <span class="hint">{words.secretOverlap(secretOverlapHours)}</span>
              </ActionForm>
            )}
            <ActionForm action={`${base}/remove`} csrf={csrf}>
              <button class="button danger" data-confirm={words.confirmStopTelling}>
                {words.stopTelling}
              </button>
            </ActionForm>
          </section>
        </div>
      </div>
    </Page>
  );
}

const Unconfirmed = ({ visit: { words, csrf }, base }: { visit: Visit; base: string }): VNode => (
  <div class="notice busy apart">
    <p>{words.confirmFirst(confirmationHours)}</p>
    <ActionForm action={`${base}/confirmation`} csrf={csrf}>
      <button class="button quiet">{words.askOwner}</button>
    </ActionForm>
  </div>
);

const tones: Readonly<Record<NotificationState, Tone>> = {
  waiting: 'busy',
  delivered: 'good',
  parked: 'bad',
};

function NotificationRow({ visit, base, one }: { visit: Visit; base: string; one: Notification }): VNode {
  const { words, csrf } = visit;
  const name = words.notificationEvents[one.event];
  return (
    <tr>
      <th scope="row">
        {one.solutionId === null ? name : <a href={`/solutions/${one.solutionId}`}>{name}</a>}
      </th>
      <td>
        <Moment words={words} at={one.occurredAt} />
      </td>
      <td>
        <Badge tone={tones[one.state]}>{words.notificationStates[one.state]}</Badge>
      </td>
      <td class="wrap">
        {one.lastError !== null && <ExactReason words={words} reason={one.lastError} why={one.why} />}
        {one.state === 'parked' && (
          <ActionForm action={`${base}/retry/${one.id}`} csrf={csrf}>
            <button class="button quiet">{words.tryAgain}</button>
          </ActionForm>
        )}
      </td>
    </tr>
  );
}

/** A new secret, the only time that it can be read. */
const secretPage = (visit: Visit, { id, address }: NotificationTarget, secret: string): VNode => (
  <Page
    visit={visit}
    title={visit.words.newSecret}
    trail={[{ href: '/notifications', text: visit.words.notifications }]}
  >
    <section class="card narrow stack">
      <p class="notice busy" role="status">
        {visit.words.shownOnce} {visit.words.webhookSecretMeaning}
      </p>
      <Facts
        entries={[
          [visit.words.toldTo, shortened(address)],
          [visit.words.secret, <code class="secret">{secret}</code>],
        ]}
      />
      <p>
        <a class="button" href={`/notifications/${id}`}>
          {visit.words.notifications}
        </a>
      </p>
    </section>
  </Page>
);

/** A URL may be as long as a page. */
const shortened = (address: string) => (address.length > 60 ? `${address.slice(0, 59)}…` : address);
