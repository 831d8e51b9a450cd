import { type Request, Router } from 'express';
import type { VNode } from 'preact';
import { z } from 'zod';
import type { Page as ListPage } from '../../../../shared/domain/page';
import { digestSubjectStarts } from '../../../../shared/domain/probe-event';
import { mayEdit } from '../../../../shared/domain/staff';
import type { Message } from '../../../../shared/stores/messages/message-store';
import { decode, keepableText } from '../../../http/decode';
import { pageOfQuery, pageQuery, pathId } from '../../http/request-fields';
import type { MessageService } from '../../services/messages';
import type { SolutionDetail, SolutionService } from '../../services/solutions';
import { blankless, touchedTexts } from '../form-input';
import { ActionForm, Age, Badge, Card, Empty, Field, Pager, ProblemNote, type Tone } from '../parts';
import { type ProblemText, problemTextOf } from '../problem-text';
import type { Visit, Visiting } from '../visit';
import type { Words } from '../words';
import { SolutionPage } from './solution-frame';

interface Services {
  readonly solutions: Pick<SolutionService, 'get'>;
  readonly messages: Pick<MessageService, 'list' | 'send'>;
}

const query = pageQuery(z.string().regex(/^-\d{1,18}$/, 'is no cursor'));
const message = z.object({ subject: keepableText(1, 200), body: keepableText(1, 10_000) });
const shownRows = 50;

/** The messages of staff to a solution, and whether they were read. */
export function createMessagePageRoutes(services: Services, visiting: Visiting): Router {
  const router = Router();

  router.get(
    '/solutions/:id/messages',
    visiting.page((visit, request) => show(visit, request, null)),
  );

  router.post(
    '/solutions/:id/messages',
    visiting.form(
      async (caller, request) => {
        const id = pathId(request, 'solution');
        await services.messages.send(caller, id, decode(message, touchedTexts(request.body)));
        return `/solutions/${id}/messages?done=message-sent`;
      },
      (visit, request, problem) => show(visit, request, problemTextOf(visit.words, problem)),
    ),
  );

  return router;

  async function show(visit: Visit, request: Request, problem: ProblemText | null): Promise<VNode> {
    const id = pathId(request, 'solution');
    const solution = await services.solutions.get(visit.caller, id);
    const page = { ...pageOfQuery(decode(query, blankless(request.query))), limit: shownRows };
    return messagesPage(visit, solution, await services.messages.list(visit.caller, id, page), problem);
  }
}

function messagesPage(
  visit: Visit,
  solution: SolutionDetail,
  { items, next }: ListPage<Message>,
  problem: ProblemText | null,
): VNode {
  const { words, csrf, caller } = visit;
  const path = `/solutions/${solution.id}/messages`;
  return (
    <SolutionPage visit={visit} solution={solution} tab="messages">
      <div class="columns wide-left">
        <div class="stack">
          {items.length === 0 ? (
            <Empty title={words.noMessages}>{words.noMessagesAdvice}</Empty>
          ) : (
            <ul class="messages">
              {items.map((one) => (
                <MessageRow words={words} zone={solution.timezone} message={one} />
              ))}
            </ul>
          )}
          <Pager words={words} base={path} next={next} />
        </div>
        {mayEdit(caller) && (
          <Card title={words.writeMessage}>
            <ActionForm action={path} csrf={csrf} class="stack">
              <ProblemNote problem={problem} />
              <Field label={words.subject}>
                <input name="subject" required maxLength={200} />
              </Field>
              <Field label={words.text}>
                <textarea name="body" required rows={6} maxLength={10_000} />
              </Field>
              <p class="hint">{words.messageHint}</p>
              <button class="button">{words.send}</button>
            </ActionForm>
          </Card>
        )}
      </div>
    </SolutionPage>
  );
}

const MessageRow = ({
  words,
  zone,
  message: one,
}: {
  words: Words;
  zone: string;
  message: Message;
}): VNode => (
  <li class="card">
    <div class="message-head">
      <h2>{titleOf(words, one)}</h2>
      <Receipt words={words} message={one} />
    </div>
    <p class="pre" lang={languageOf(words, one)}>
      {one.body}
    </p>
    <p class="soft">
      {words.messageKinds[one.kind]} · {one.sender} · <Age words={words} at={one.sentAt} zone={zone} />
      {one.readAt !== null && (
        <>
          {' · '}
          {words.read} <Age words={words} at={one.readAt} zone={zone} />
        </>
      )}
    </p>
    {one.digestId !== null && <p class="soft">{words.toldInDigest}</p>}
    {one.failureReason !== null && <p class="bad">{words.couldNotCarryOut(one.failureReason)}</p>}
  </li>
);

/** The title of an alert is in the reader's language. The text below it is in the language of the kitchen. */
function titleOf(words: Words, message: Message): string {
  if (message.digestOf !== null) return words.probeDigest(message.digestOf);
  const event = englishEventOf(words, message);
  return event === null ? message.subject : words.problemOf(event.place, event.said);
}

/** Kitchens get alerts of probes in English or French. Undefined: a person wrote it. */
function languageOf(words: Words, message: Message): string | undefined {
  if (message.kind !== 'probe-alert') return undefined;
  if (message.digestOf !== null) return message.subject.startsWith(digestSubjectStarts.en) ? 'en' : 'fr';
  return englishEventOf(words, message) === null ? 'fr' : 'en';
}

/** The event of an English alert. */
function englishEventOf(words: Words, { kind, subject }: Message): { place: string; said: string } | null {
  const at = subject.lastIndexOf(': ');
  const known: Readonly<Record<string, string>> = words.probeEvents;
  const happened = subject.slice(at + 2);
  const said = Object.hasOwn(known, happened) ? known[happened] : undefined;
  if (kind !== 'probe-alert' || at === -1 || said === undefined) return null;
  return { place: subject.slice(0, at), said };
}

function Receipt({
  words,
  message: { readAt, deliveredAt, isParked },
}: {
  words: Words;
  message: Message;
}): VNode {
  const [tone, text]: [Tone, string] =
    readAt !== null
      ? ['good', words.read]
      : deliveredAt !== null
        ? ['good', words.delivered]
        : isParked
          ? ['bad', words.parked]
          : ['busy', words.waitsForSync];
  return <Badge tone={tone}>{text}</Badge>;
}
