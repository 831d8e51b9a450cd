/** True for the name of a time zone that this platform knows, e.g. `Europe/Paris`. */
export function isTimeZone(name: string): boolean {
  const known = answers.get(name) ?? isKnown(name);
  // Staff may type anything, so only known names are remembered.
  if (answers.size < mostAnswers) answers.set(name, known);
  return known;
}

/** The zone in which times of a kitchen are shown: its own zone, or UTC if the stored name is not a time zone. */
export const knownZone = (name: string): string => (isTimeZone(name) ? name : 'UTC');

const mostAnswers = 1_000;
/** The usual zones are listed here. Asking the platform would load the data of all zones into memory (5 MB). */
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
