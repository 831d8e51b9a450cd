/** A calendar date and time without a time zone: the 3rd in one system is the 3rd in the other. */
export interface CalendarTime {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

/** How a system writes dates. */
export interface DateForm {
  /** Null: it is not written so, or there is no such day. */
  parse(text: string): CalendarTime | null;
  format(time: CalendarTime): string;
}

/**
 * `YYYY`, `MM`, `DD`, `HH`, `mm` and `ss` stand for digits, everything else for itself: `YYYY-MM-DDT00:00:00`. `date` and
 * `datetime` are the types of a database: what comes behind the day, or behind the second, is left out.
 */
export function dateForm(written: string): DateForm {
  if (written === 'date') return { ...dateForm('YYYY-MM-DD'), parse: (text) => parseIso(text) };
  if (written === 'datetime') return { ...dateForm(isoSecond), parse: (text) => parseIso(text) };
  const { parts, pattern } = read(written);
  return {
    parse(text) {
      const found = pattern.exec(text);
      return found === null ? null : timeOf(found.groups ?? {});
    },
    format: (time) =>
      parts.map((part) => (part.token === null ? part.text : digitsOf(time, part.token))).join(''),
  };
}

const isoSecond = 'YYYY-MM-DDTHH:mm:ss';
const digits = { YYYY: 4, MM: 2, DD: 2, HH: 2, mm: 2, ss: 2 } as const;
type Token = keyof typeof digits;

const names = { YYYY: 'year', MM: 'month', DD: 'day', HH: 'hour', mm: 'minute', ss: 'second' } as const;

interface Part {
  readonly token: Token | null;
  readonly text: string;
}

/** A day alone is its midnight. */
function parseIso(text: string): CalendarTime | null {
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})(?:\.\d+)?Z?)?$/.exec(text);
  return found === null ? null : dateForm(isoSecond).parse(`${found[1] ?? ''}T${found[2] ?? '00:00:00'}`);
}

function read(written: string): { readonly parts: readonly Part[]; readonly pattern: RegExp } {
  const parts = [...written.matchAll(/(YYYY|MM|DD|HH|mm|ss)|[^]/g)].map(([text, token]) => ({
    token: isToken(token) ? token : null,
    text,
  }));
  const seen = new Set<Token>();
  const source = parts.map(({ token, text }) => {
    if (token === null) return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    if (seen.has(token)) return `\\k<${names[token]}>`;
    seen.add(token);
    return `(?<${names[token]}>\\d{${digits[token]}})`;
  });
  return { parts, pattern: new RegExp(`^${source.join('')}$`) };
}

const isToken = (text: string | undefined): text is Token =>
  text !== undefined && Object.hasOwn(digits, text);

const digitsOf = (time: CalendarTime, token: Token): string =>
  String(time[names[token]]).padStart(digits[token], '0');

function timeOf(groups: Readonly<Record<string, string | undefined>>): CalendarTime | null {
  const numberOf = (name: string, usual: number) => Number(groups[name] ?? usual);
  const time = {
    year: numberOf('year', 1),
    month: numberOf('month', 1),
    day: numberOf('day', 1),
    hour: numberOf('hour', 0),
    minute: numberOf('minute', 0),
    second: numberOf('second', 0),
  };
  return exists(time) ? time : null;
}

function exists({ year, month, day, hour, minute, second }: CalendarTime): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  const last = month === 2 ? (isLeap(year) ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
  return day <= last && hour < 24 && minute < 60 && second < 60;
}

const isLeap = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
