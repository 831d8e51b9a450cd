import { timeZone } from '../domain/local-time';
import { CsvTime } from './csv-time';

/** True: it can be read as a time, in whichever time zone. */
export function isTime(written: string): boolean {
  const bytes = Buffer.from(written, 'latin1');
  return new CsvTime().read(bytes, 0, bytes.length);
}

/** A time as packages write it, local to `timezone` (IANA) where it lacks an offset. Null: it is none. */
export function readInstant(written: string, timezone: string): Date | null {
  const time = new CsvTime();
  const bytes = Buffer.from(written, 'latin1');
  if (!time.read(bytes, 0, bytes.length)) return null;
  const { wallMs, offsetMinutes } = time;
  return new Date(
    offsetMinutes === null ? timeZone(timezone).instantOf(wallMs) : wallMs - offsetMinutes * 60_000,
  );
}
