/** The length of a refused text that is stored and shown to staff. */
export const maxKeptBytes = 64 * 1024;

/** The last line of a text of which only the beginning is kept. */
const cutMark = '\n…';

export const cutText = (beginning: string): string => `${beginning}${cutMark}`;

/** True if only the beginning of the text was kept. A correction of it would lose the rest. */
export const isCutText = (kept: string): boolean => kept.endsWith(cutMark);
