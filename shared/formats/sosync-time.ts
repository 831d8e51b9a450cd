const isoTime =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+\- ]\d{2}(?::?\d{2})?)?)?$/i;

/**
 * A time as callers of sosync write it, from 1753 to 9999; UTC where it names no zone. In a query that was not encoded a `+`
 * has become a blank. Null: it is none.
 */
export function readSosyncTime(written: string): Date | null {
  const parts = isoTime.exec(written.trim());
  if (parts === null) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '0', zone = 'Z'] = parts;
  const milliseconds = fraction.padEnd(3, '0').slice(0, 3);
  const local = `${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}`;
  const shown = new Date(`${local}Z`);
  // 31 February would be taken for a day in March.
  if (Number.isNaN(shown.getTime()) || !shown.toISOString().startsWith(local)) return null;
  const time = new Date(shown.getTime() - offsetMs(zone));
  return time.getUTCFullYear() >= 1753 && time.getUTCFullYear() <= 9999 ? time : null;
}

function offsetMs(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const [, sign, hours, minutes = '0'] = /^([+\- ])(\d{2})(?::?(\d{2}))?$/.exec(zone) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
