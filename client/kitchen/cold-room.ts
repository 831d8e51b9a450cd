import type { Dice } from './dice';
import type { ColdRoomPlan } from './french-kitchen';

/** A cold room with its compressor, its door, its defrosting and its probe. */
export interface ColdRoom {
  readonly plan: ColdRoomPlan;
  readonly probeId: string;
  /** Lets five minutes pass. @param hourOfDay by the clock on the kitchen's wall, 0 ≤ h < 24. */
  passFiveMinutes(hourOfDay: number, isWorkingDay: boolean): void;
  /** The temperature that the probe shows now, °C. */
  temperature(): number;
  /** The reading that the probe sends now; null: no reading arrives. */
  send(): ProbeReading | null;
}

export interface ProbeReading {
  readonly temperature: number;
  readonly humidity: number;
  readonly batteryPercent: number;
  readonly signalDbm: number;
  readonly sequence: number;
}

export function createColdRoom(plan: ColdRoomPlan, probeId: string, dice: Dice): ColdRoom {
  const isFreezer = plan.type === 'negative';
  const pace = isFreezer ? freezer : fridge;
  const defrostOffsetMinutes = dice.whole(0, pace.defrostEveryMinutes - 1);
  const distanceDbm = dice.between(-84, -58);
  const drainPerDay = dice.between(0.1, 0.22) * (isFreezer ? 1.6 : 1);
  let air = plan.setPoint + dice.between(-0.5, 0.5);
  let probe = air;
  let isCooling = true;
  let minute = 0;
  let brokenMinutes = 0;
  let silentReadings = 0;
  let humidity = isFreezer ? 55 : 80;
  let battery = dice.between(55, 100);
  let sequence = dice.whole(0, 60_000);

  const passMinute = (doorOpenings: number): void => {
    minute += 1;
    if (brokenMinutes > 0) brokenMinutes -= 1;
    const isDefrosting = (minute + defrostOffsetMinutes) % pace.defrostEveryMinutes < pace.defrostMinutes;
    if (air > plan.setPoint + pace.hysteresis) isCooling = true;
    if (air < plan.setPoint - pace.hysteresis) isCooling = false;
    air += (kitchenTemp - air) * pace.loss;
    if (isDefrosting) air += pace.defrostHeat;
    else if (isCooling && brokenMinutes === 0) air -= pace.cooling;
    if (dice.chance(doorOpenings)) {
      air += (kitchenTemp - air) * dice.between(0.003, 0.014);
      humidity += dice.between(0.5, 2.5);
    }
    // The probe is a plastic box: it follows the air with some minutes' delay.
    probe += (air - probe) / probeMinutes;
    humidity += ((isFreezer ? 55 : 80) - humidity) * 0.03 + dice.around(0, 0.15);
  };

  return {
    plan,
    probeId,
    passFiveMinutes: (hourOfDay, isWorkingDay) => {
      const openings = isWorkingDay ? doorOpeningsPerMinute(hourOfDay) * plan.traffic : 0.001;
      if (dice.chance(breakdownsPerFiveMinutes)) brokenMinutes = dice.whole(90, 240);
      for (let passed = 0; passed < 5; passed++) passMinute(openings);
      battery = Math.max(0, battery - drainPerDay / 288);
      sequence += 1;
      if (silentReadings > 0) silentReadings -= 1;
      else if (dice.chance(0.0008)) silentReadings = dice.whole(1, 12);
    },
    temperature: () => round(probe, 2),
    send: () =>
      silentReadings > 0
        ? null
        : {
            temperature: round(probe + dice.around(0, 0.04), 2),
            humidity: round(Math.min(100, Math.max(0, humidity)), 1),
            batteryPercent: round(battery, 1),
            signalDbm: Math.round(distanceDbm + dice.around(0, 2.5)),
            sequence,
          },
  };
}

/** °C of the air outside, with the ovens on. */
const kitchenTemp = 22;
const probeMinutes = 4;
/** About once in three months for each room. */
const breakdownsPerFiveMinutes = 1 / (90 * 288);

interface Pace {
  /** Share of the difference to the outside that comes in, per minute. */
  readonly loss: number;
  /** °C per minute while the compressor runs. */
  readonly cooling: number;
  readonly hysteresis: number;
  readonly defrostEveryMinutes: number;
  readonly defrostMinutes: number;
  /** °C per minute. */
  readonly defrostHeat: number;
}

const fridge: Pace = {
  loss: 0.003,
  cooling: 0.24,
  hysteresis: 0.6,
  defrostEveryMinutes: 480,
  defrostMinutes: 18,
  defrostHeat: 0.12,
};

const freezer: Pace = {
  loss: 0.0025,
  cooling: 0.32,
  hysteresis: 1,
  defrostEveryMinutes: 720,
  defrostMinutes: 22,
  defrostHeat: 0.2,
};

/** Set-up, deliveries, the two services, cleaning. */
function doorOpeningsPerMinute(hour: number): number {
  if (hour >= 6.5 && hour < 9.5) return 0.12;
  if (hour >= 9.5 && hour < 11.5) return 0.15;
  if (hour >= 11.5 && hour < 14.5) return 0.25;
  if (hour >= 16 && hour < 18.5) return 0.1;
  if (hour >= 18.5 && hour < 22.5) return 0.25;
  if (hour >= 22.5 && hour < 23.5) return 0.06;
  return 0.001;
}

export function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
