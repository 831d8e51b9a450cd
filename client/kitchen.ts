import type { WrittenEntity } from '../shared/formats/xml-writer';
import { type ColdRoom, createColdRoom } from './kitchen/cold-room';
import { planDay } from './kitchen/day-of-work';
import { createDice } from './kitchen/dice';
import { coldRooms } from './kitchen/french-kitchen';
import { newMemory, type Planned, type Reading } from './kitchen/planner';
import { coldRoomId, type ColdRoomSetting, kitchenSettings } from './kitchen/settings';
import { atHour, daysLater, wallHour, weekday } from './kitchen/wall-clock';

/**
 * A professional kitchen that runs by itself: cold rooms with doors and defrosting, probes with batteries, deliveries,
 * cooking, cleaning, frying oil. All events follow from its seed, however long the steps are in which time passes.
 */
export interface Kitchen {
  /** By class name. */
  settings(): ReadonlyMap<string, readonly WrittenEntity[]>;
  /** The events since the last time, in their order. */
  advanceTo(time: Date): readonly Reading[];
}

export interface KitchenOptions {
  readonly seed: string;
  /** When it begins. */
  readonly from: Date;
  /** How many cold rooms have a probe; up to 20. Default 20. */
  readonly probes?: number;
}

export function createKitchen({ seed, from, probes = coldRooms.length }: KitchenOptions): Kitchen {
  const dice = createDice(seed);
  const rooms = coldRooms.map((plan, place): ColdRoomSetting => {
    const probeId = `S${String(place + 1).padStart(2, '0')}-${dice.whole(0x1000, 0xffff).toString(16).toUpperCase()}`;
    return { id: coldRoomId(place), room: createColdRoom(plan, probeId, dice.fork(plan.name)) };
  });
  const memory = newMemory();
  const heard = rooms.slice(0, probes);
  const planned: Planned[] = [];
  let nextTick = Math.ceil(from.getTime() / tickMs) * tickMs;
  let nextDay = atHour(from, 0);

  const advanceTo = (time: Date): readonly Reading[] => {
    const readings: Reading[] = [];
    for (; nextTick <= time.getTime(); nextTick += tickMs) {
      const now = new Date(nextTick);
      if (now >= nextDay) {
        const upcoming = planDay(nextDay, rooms, memory, dice.fork(nextDay.toISOString()));
        planned.push(...upcoming.filter(({ at }) => at >= from));
        nextDay = daysLater(nextDay, 1);
      }
      // They are ordered by time: those that are due come first.
      const due = planned.findIndex(({ at }) => at > now);
      readings.push(...planned.splice(0, due === -1 ? planned.length : due).map((one) => one.do()));
      const [hour, isWorkingDay] = [wallHour(now), weekday(now) !== 0];
      for (const { room } of rooms) room.passFiveMinutes(hour, isWorkingDay);
      for (const { room } of heard) readings.push(...probeReading(room, now));
    }
    return readings;
  };
  return { settings: () => kitchenSettings(rooms, from, createDice(`${seed}/settings`)), advanceTo };
}

const tickMs = 5 * 60_000;

function probeReading(room: ColdRoom, at: Date): Reading[] {
  const sent = room.send();
  if (sent === null) return [];
  const values = {
    ProbeId: room.probeId,
    MeasuredAt: at,
    Temperature: sent.temperature,
    Humidity: sent.humidity,
    BatteryPercent: sent.batteryPercent,
    SignalDbm: sent.signalDbm,
    Sequence: sent.sequence,
  };
  return [{ table: 'Tbsondes', at, values, photo: null }];
}
