import type { Outside } from '../systems/remote-system';
import type { HttpCall } from './http-call';
import type { Redact } from './redaction';

/** What is recorded of a call. */
export interface Trace {
  begin(): void;
  answered(status: number): void;
  read(text: string): void;
  failed(error: unknown): void;
  end(): void;
}

/** A call that never began, because the system rests or has been stopped, is none. */
export function createTrace({ system, observe }: Outside, call: HttpCall, redact: Redact): Trace {
  const { operation, method, isSecret = false } = call;
  const shown = (text: string) => (isSecret ? '…' : redact(text));
  let begun: { readonly at: Date; readonly ms: number } | null = null;
  let status: number | null = null;
  let answer: string | null = null;
  let fault: string | null = null;
  return {
    begin() {
      begun = { at: new Date(), ms: performance.now() };
    },
    answered(code) {
      status = code;
    },
    read(text) {
      answer = text === '' ? null : shown(text);
    },
    failed(error) {
      fault = error instanceof Error ? error.message : String(error);
    },
    end() {
      if (begun === null) return;
      observe({
        system,
        operation,
        method,
        path: call.isSecretPath === true ? '/…' : redact(call.path),
        status,
        milliseconds: Math.round(performance.now() - begun.ms),
        startedAt: begun.at,
        request: call.json === undefined ? null : shown(JSON.stringify(call.json)),
        answer,
        fault,
      });
    },
  };
}
