/** Why something stands still. */
export interface PauseReason {
  /** A word of ours, such as `fields` or `unauthorized`, or what a person wrote. */
  readonly reason: string;
  /** A text for people about what the server found. Null: nothing more is known. */
  readonly detail: string | null;
}

/** Those that the server gives by itself. */
const ownReasons = ['fields', 'unauthorized'] as const;

const longestDetail = 400;

/** The reason as it is stored: one text. */
export const pauseReasonText = (reason: (typeof ownReasons)[number], detail: string): string =>
  `${reason}: ${detail.slice(0, longestDetail)}`;

export function readPauseReason(text: string): PauseReason {
  const own = ownReasons.find((reason) => text.startsWith(`${reason}: `));
  return own === undefined
    ? { reason: text, detail: null }
    : { reason: own, detail: text.slice(own.length + 2) };
}
