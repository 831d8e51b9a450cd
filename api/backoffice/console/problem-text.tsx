import type { VNode } from 'preact';
import { type AppError, InvalidFields, ReasonedError } from '../../../shared/errors/app-error';
import { fieldLabelOf } from '../../../shared/catalog/labels';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import { ExactReason } from './refusal';
import type { Words } from './words';

/** Why something was refused, as a page tells it. */
export type ProblemText = string | VNode;

/**
 * In the language of the reader, if there is a translation, or else in English. `of`: the class whose fields they were.
 */
export function problemTextOf(words: Words, error: AppError, of: string | null = null): ProblemText {
  if (error instanceof InvalidFields) {
    return error.problems.map((problem) => fieldText(words, of, problem)).join(words.problemSeparator);
  }
  const sentence = Object.hasOwn(words.problems, error.code) ? words.problems[error.code] : undefined;
  const exact = (
    <ExactReason
      words={words}
      reason={error.detail}
      why={error instanceof ReasonedError ? error.reason : null}
    />
  );
  if (sentence === undefined) return exact;
  if (!hasParticulars.includes(error.code)) return sentence;
  return (
    <>
      {sentence} <span class="under">{exact}</span>
    </>
  );
}

/** One code, many reasons. */
const hasParticulars = ['bad-request', 'not-replayable', 'bad-offline-file'];

function fieldText(words: Words, of: string | null, { field, fault }: FieldProblem): string {
  const labels: Readonly<Record<string, string>> = {
    address: words.address,
    code: words.codeOfApp,
    account: words.account,
    accounts: words.accounts,
    text: words.text,
    loginPolicy: words.loginPolicy,
    mac: 'MAC',
    password: words.password,
    next: words.newPassword,
  };
  const ofForm = Object.hasOwn(labels, field) ? labels[field] : undefined;
  const label = ofForm ?? fieldLabelOf(words.language, of, field);
  return words.problemOf(label, words.fault(fault));
}
