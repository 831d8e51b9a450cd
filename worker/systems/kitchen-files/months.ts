/** `YYYY-MM` of a time, on the clock of that zone. */
export function monthOf(time: Date, timezone: string): string {
  const known = clocks.get(timezone) ?? clockOf(timezone);
  clocks.set(timezone, known);
  return known.format(time).slice(0, 7);
}

/** The first moment of a month, and the first after it, without an offset. */
export function boundsOf(month: string): { readonly from: string; readonly to: string } {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const next = number === 12 ? [year + 1, 1] : [year, number + 1];
  return { from: `${month}-01T00:00:00`, to: `${digits(next[0], 4)}-${digits(next[1], 2)}-01T00:00:00` };
}

const digits = (number: number | undefined, count: number) => String(number ?? 0).padStart(count, '0');

/** There are few zones, and to make a clock is slow. */
const clocks = new Map<string, Intl.DateTimeFormat>();
const clockOf = (timeZone: string) => new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
