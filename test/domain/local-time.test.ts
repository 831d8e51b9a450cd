import fc from 'fast-check';
import { timeZone } from '../../shared/domain/local-time';

const zones = [
  'Europe/Paris',
  'Europe/London',
  'UTC',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Casablanca',
  'Asia/Kathmandu',
];
const more = [
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Pacific/Chatham',
  'Antarctica/Troll',
  'Asia/Tehran',
  'Africa/Monrovia',
];

const wall = (text: string) => Date.parse(`${text}Z`);
const instant = (zone: string, text: string, previous?: string) =>
  new Date(
    timeZone(zone).instantOf(wall(text), previous === undefined ? undefined : Date.parse(previous)),
  ).toISOString();

/** The local time by another function of the platform. */
function shownBy(zone: string, instantMs: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instantMs);
  const part = (type: string) => Number(parts.find((found) => found.type === type)?.value);
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}

const moments = fc
  .integer({ min: Date.UTC(1971) / 1000, max: Date.UTC(2199) / 1000 })
  .map((seconds) => seconds * 1000);

test('an instant is shown on the wall as the platform shows it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones, ...more), moments, (zone, at) => {
      expect(at + timeZone(zone).offsetAt(at)).toBe(shownBy(zone, at));
    }),
    { numRuns: 500 },
  );
});

test('a time on the wall is the instant that shows it, or the other one that does', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones, ...more), moments, (zone, at) => {
      const found = timeZone(zone).instantOf(shownBy(zone, at));
      expect(shownBy(zone, found)).toBe(shownBy(zone, at));
      expect(found).toBeLessThanOrEqual(at);
      const later = timeZone(zone).instantOf(shownBy(zone, at), found);
      expect([found, later]).toContain(at);
      expect(timeZone(zone).isRepeated(shownBy(zone, at))).toBe(later !== found);
    }),
    { numRuns: 500 },
  );
});

test('every half hour of a year is read again as it is shown', () => {
  const wrong: string[] = [];
  for (const name of zones) {
    const zone = timeZone(name);
    for (let at = Date.UTC(2026, 0); at < Date.UTC(2027, 0); at += 1_800_000) {
      if (zone.instantOf(at + zone.offsetAt(at), at - 1) !== at)
        wrong.push(`${name} ${new Date(at).toISOString()}`);
    }
  }
  expect(wrong).toEqual([]);
});

test('in the hour that occurs twice in autumn, a time is the earliest instant after the previous one', () => {
  expect(instant('Europe/Paris', '2026-10-25T02:30:00')).toBe('2026-10-25T00:30:00.000Z');
  expect(instant('Europe/Paris', '2026-10-25T02:30:00', '2026-10-25T00:25:00Z')).toBe(
    '2026-10-25T00:30:00.000Z',
  );
  expect(instant('Europe/Paris', '2026-10-25T02:30:00', '2026-10-25T00:30:00Z')).toBe(
    '2026-10-25T01:30:00.000Z',
  );
  expect(instant('Europe/Paris', '2026-10-25T02:00:00', '2026-10-25T00:55:00Z')).toBe(
    '2026-10-25T01:00:00.000Z',
  );
  expect(instant('Europe/Paris', '2026-10-25T02:30:00', '2026-10-25T09:00:00Z')).toBe(
    '2026-10-25T00:30:00.000Z',
  );
});

test('the hour that spring skips is read as if the clock had not been put forward', () => {
  expect(instant('Europe/Paris', '2026-03-29T01:59:59')).toBe('2026-03-29T00:59:59.000Z');
  expect(instant('Europe/Paris', '2026-03-29T02:30:00')).toBe('2026-03-29T01:30:00.000Z');
  expect(instant('Europe/Paris', '2026-03-29T03:00:00')).toBe('2026-03-29T01:00:00.000Z');
  expect(instant('Pacific/Apia', '2011-12-30T12:00:00')).toBe('2011-12-30T22:00:00.000Z');
});

test('a name that is not a time zone is refused', () => {
  expect(() => timeZone('Europe/Lyon')).toThrow(RangeError);
});

test('for a time that occurs twice, each instant leads to the other', () => {
  const paris = timeZone('Europe/Paris');
  const [first, second] = [wall('2026-10-25T00:30'), wall('2026-10-25T01:30')];
  expect([first, second].map((at) => paris.otherInstantOf(at))).toEqual([second, first]);
  for (const once of ['2026-10-24T23:59', '2026-10-25T02:00', '2026-03-29T01:00', '2026-07-01T12:00'])
    expect(paris.otherInstantOf(wall(once))).toBeNaN();
  expect(paris.otherInstantOf(NaN)).toBeNaN();
  expect(paris.instantOf(wall('2026-10-25T02:30'))).toBe(first);
  fc.assert(
    fc.property(fc.constantFrom(...zones, ...more), moments, (name, at) => {
      const zone = timeZone(name);
      const other = zone.otherInstantOf(at);
      const wallMs = at + zone.offsetAt(at);
      expect(Number.isNaN(other)).toBe(!zone.isRepeated(wallMs));
      if (!Number.isNaN(other)) expect(other + zone.offsetAt(other)).toBe(wallMs);
    }),
    { numRuns: 500 },
  );
});
