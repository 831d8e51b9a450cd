import type { StoreAccess } from '../../../shared/stores/store-access';
import { type LabResult, verdictOf } from '../../../shared/domain/lab-result';
import type { Language } from '../../../shared/domain/language';
import type { JudgedResult, NewMessage } from '../../../shared/domain/message';
import type { Page, PageRequest } from '../../../shared/domain/page';
import type { AuditAction } from '../../../shared/domain/audit-action';
import type { Caller } from '../../../shared/domain/staff';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { Message, MessageStore } from '../../../shared/stores/messages/message-store';
import { labResultText } from './lab-result-text';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly messages: Pick<MessageStore, 'list' | 'add'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible'>;
}

export interface MessageInput {
  readonly subject: string;
  readonly body: string;
}

export interface AnalysisInput extends LabResult {
  /** When the sample was taken; null: unknown. */
  readonly sampledAt: Date | null;
  /** A further comment of the laboratory. */
  readonly comment: string | null;
}

interface Deps extends StoreAccess<Stores> {
  /** The language of texts for solutions. */
  readonly language: Language;
}

export type MessageService = ReturnType<typeof createMessageService>;

/** Messages of staff to a solution. They are sent with the next package of its channel `messagerie`. */
export function createMessageService({ stores, transaction, language }: Deps) {
  return {
    /** The messages, including alerts, with their receipts. Throws `not-found`. */
    async list(caller: Caller, solutionId: number, page: PageRequest<string>): Promise<Page<Message>> {
      await needVisible(stores, caller, solutionId);
      return stores.messages.list(solutionId, page);
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
        analyses.map((analysis) => analysisMessage(caller, language, analysis)),
      );
    },
  };

  async function tell(
    caller: Caller,
    solutionId: number,
    action: AuditAction,
    messages: readonly NewMessage[],
  ): Promise<Message[]> {
    return transaction(async (stores) => {
      await needVisible(stores, caller, solutionId);
      needEditor(caller);
      const sent = await stores.messages.add(solutionId, messages);
      const entries = sent.map(({ id, subject, body, result }) =>
        auditEntry(caller, action, { solutionId, after: { id, subject, body, ...(result ?? {}) } }),
      );
      await stores.audit.add(entries);
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

function analysisMessage(
  caller: Caller,
  language: Language,
  { sampledAt, comment, ...given }: AnalysisInput,
): NewMessage {
  const result: JudgedResult = { ...given, verdict: verdictOf(given) };
  const { subject, body } = labResultText(language, result);
  return {
    ...from(caller),
    kind: 'analysis',
    subject,
    body: [body, ...(comment === null ? [] : [comment])].join('\n'),
    measuredAt: sampledAt,
    isConform: result.verdict !== 'unsatisfactory',
    result,
  };
}
