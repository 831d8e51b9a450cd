import type { Backoffice, Enrolled } from './backoffice';
import type { Reading } from './kitchen/planner';
import { wallTime } from './kitchen/wall-clock';
import { appendRows } from './local-copy/append-rows';
import { editSettings, fieldText, withField } from './local-copy/edit-settings';
import type { LocalCopy } from './local-copy/local-copy';
import type { SettingElement } from './local-copy/settings-file';

// The troubles on the last day of the demonstration, so that each list of the console contains something.

export interface Troubled {
  readonly backoffice: Backoffice;
  readonly enrolled: Enrolled;
  readonly copy: LocalCopy;
}

/** In the kitchen's words. */
export const troubledRooms = {
  warm: 'Armoire préparations froides',
  disputed: 'Chambre froide BOF',
} as const;

/** The door of a cold room is open: in the last hours its probe shows 9 °C more than usual. */
export function withDoorLeftOpen(
  readings: readonly Reading[],
  probeId: string,
  now: Date,
): readonly Reading[] {
  const openedAt = now.getTime() - 3 * 3_600_000;
  return readings.map((reading) => {
    const { ProbeId, Temperature } = reading.values;
    const isWarm = ProbeId === probeId && reading.at.getTime() > openedAt && typeof Temperature === 'number';
    if (!isWarm) return reading;
    return {
      ...reading,
      values: { ...reading.values, Temperature: Math.round(Temperature * 100 + 900) / 100 },
    };
  });
}

/** Somebody types words where the program needs a number. @returns the words. */
export async function typeWordsForATemperature(copy: LocalCopy, now: Date): Promise<string> {
  const words = 'porte ouverte';
  const columns = ['MeasuredAt', 'UserName', 'FridgeName', 'Temp'];
  const row = { MeasuredAt: wallTime(now), UserName: 'Léa', FridgeName: troubledRooms.warm, Temp: words };
  await appendRows(copy, 'Tbfridge', columns, [row]);
  return words;
}

export interface DisputedLimit {
  readonly before: string;
  readonly inKitchen: string;
  readonly onServer: number;
}

/**
 * The kitchen changes a limit, and staff change the same one a moment later: neither knows of the other. The tablet's
 * clock was an hour ahead, as after the end of summer time, so it cannot show which change is the later one: staff
 * decide.
 */
export async function disputeALimit({ backoffice, enrolled, copy }: Troubled): Promise<DisputedLimit> {
  const limits = { inKitchen: '5', onServer: 3 };
  await editSettings(copy, 'Fridges', (elements) =>
    elements.map((element) =>
      fieldText(element, 'Name') === troubledRooms.disputed
        ? stamped(withField(element, 'TempMax', limits.inKitchen), new Date(Date.now() + 3_600_000))
        : element,
    ),
  );
  const fridges = await backoffice.parameters(enrolled.id, 'Fridges');
  const fridge = fridges.find(({ fields }) => fields['Name'] === troubledRooms.disputed);
  if (fridge === undefined) throw new Error(`the server has no fridge ${troubledRooms.disputed}`);
  await backoffice.changeParameter(enrolled.id, 'Fridges', fridge.id, {
    ...fridge.fields,
    TempMax: limits.onServer,
  });
  return { before: String(fridge.fields['TempMax']), ...limits };
}

/** Somebody empties a list at the device, except for its first three. @returns how many are deleted. */
export async function emptyAList(copy: LocalCopy, className: string): Promise<number> {
  let deleted = 0;
  await editSettings(copy, className, (elements) =>
    elements.map((element, place) => {
      if (place < 3) return element;
      deleted += 1;
      return stamped(withField(element, 'IsActive', 'false'));
    }),
  );
  return deleted;
}

const stamped = (element: SettingElement, at = new Date()): SettingElement =>
  withField(element, 'Ts', wallTime(at));
