import { type Db, inTransaction } from '../../../shared/db/database';
import { type LabResult, verdictOf } from '../../../shared/domain/lab-result';
import type { JudgedResult, NewMessage } from '../../../shared/domain/message';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { createAuditStore } from '../../../shared/stores/audit-store';
import { createMessageStore, type Message } from '../../../shared/stores/message-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

export interface MessageInput {
  readonly subject: string;
  readonly body: string;
}

export interface AnalysisInput extends LabResult {
  /** When the sample was taken; null: unknown. */
  readonly sampledAt: Date | null;
  /** What the laboratory says besides. */
  readonly comment: string | null;
}

export type MessageService = ReturnType<typeof createMessageService>;

/** What staff tell a solution: it goes down with the next package of its channel `messagerie`. */
export function createMessageService({ db }: { readonly db: Db }) {
  return {
    /** What was told, alerts too, with its receipts. Throws `not-found`. */
    async list(caller: Caller, solutionId: number, page: PageRequest<string>): Promise<Page<Message>> {
      await needVisible(db, caller, solutionId);
      return createMessageStore(db).list(solutionId, page);
    },

    /** Throws `not-found`, `forbidden`. */
    async send(caller: Caller, solutionId: number, { subject, body }: MessageInput): Promise<Message> {
      const message: NewMessage = { ...from(caller), kind: 'message', subject, body };
      const [sent] = await tell(caller, solutionId, 'message.send', [message]);
      if (sent === undefined) throw new Error('a message was not kept');
      return sent;
    },

    /** Judges lab results and sends them, all or none. Throws `not-found`, `forbidden`. */
    sendAnalyses(caller: Caller, solutionId: number, analyses: readonly AnalysisInput[]): Promise<Message[]> {
      return tell(
        caller,
        solutionId,
        'analysis.send',
        analyses.map((analysis) => analysisMessage(caller, analysis)),
      );
    },
  };

  async function tell(
    caller: Caller,
    solutionId: number,
    action: string,
    messages: readonly NewMessage[],
  ): Promise<Message[]> {
    return inTransaction(db, async ({ db: trx }) => {
      await needVisible(trx, caller, solutionId);
      needEditor(caller);
      const sent = await createMessageStore(trx).add(solutionId, messages);
      const entries = sent.map(({ id, subject, body, result }) =>
        auditEntry(caller, action, { solutionId, after: { id, subject, body, ...(result ?? {}) } }),
      );
      await createAuditStore(trx).add(entries);
      return sent;
    });
  }
}

const from = (caller: Caller) => ({
  sender: caller.email,
  measuredAt: null,
  isConform: null,
  result: null,
});

function analysisMessage(caller: Caller, { sampledAt, comment, ...given }: AnalysisInput): NewMessage {
  const result: JudgedResult = { ...given, verdict: verdictOf(given) };
  const { sample, germ, verdict } = result;
  return {
    ...from(caller),
    kind: 'analysis',
    subject: `${sample}, ${germ}: ${verdict}`,
    body: [sentenceOf(result), ...(comment === null ? [] : [comment])].join('\n'),
    measuredAt: sampledAt,
    isConform: verdict !== 'unsatisfactory',
    result,
  };
}

function sentenceOf(result: JudgedResult): string {
  const { sample, germ, operator, value, unit, limitSatisfactory: m, limitAcceptable: M, verdict } = result;
  const measured = [operator === '=' ? '' : operator, String(value), unit ?? ''].filter(
    (part) => part !== '',
  );
  return `${sample}, ${germ}: ${measured.join(' ')} (m = ${m}, M = ${M}): ${verdict}.`;
}
