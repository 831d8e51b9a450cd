/** True for the name of a time zone that this platform knows, e.g. `Europe/Paris`. */
export function isTimeZone(name: string): boolean {
  const known = answers.get(name) ?? isKnown(name);
  // Staff may type anything: what is kept must not grow with that.
  if (answers.size < mostAnswers) answers.set(name, known);
  return known;
}

/** What a kitchen's clock is shown by: its own zone, or UTC where what is stored is none. */
export const knownZone = (name: string): string => (isTimeZone(name) ? name : 'UTC');

const mostAnswers = 1_000;
/** The usual ones are known: to ask reads the platform's data of all zones, which then stay in memory (5 MB). */
const answers = new Map<string, boolean>([
  ['Europe/Paris', true],
  ['UTC', true],
]);

function isKnown(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
