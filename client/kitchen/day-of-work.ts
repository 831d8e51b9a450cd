import { round } from './cold-room';
import type { Dice } from './dice';
import { correctiveActions } from './french-kitchen';
import { createPlanner, type Memory, type Planned, type Planner } from './planner';
import type { ColdRoomSetting } from './settings';
import { weekday } from './wall-clock';
import { monday, thursday } from './weekly-work';
import { workingDay } from './working-day';

/** All work in a kitchen on the day of `day`, by the hour. The kitchen is closed on Sundays. */
export function planDay(
  day: Date,
  rooms: readonly ColdRoomSetting[],
  memory: Memory,
  dice: Dice,
): readonly Planned[] {
  const planner = createPlanner(day, memory, dice);
  everyDay(planner, rooms);
  if (weekday(day) !== 0) {
    workingDay(planner);
    if (weekday(day) === 1) monday(planner);
    if (weekday(day) === 4) thursday(planner);
  }
  return planner.planned.sort((one, other) => one.at.getTime() - other.at.getTime());
}

/** Somebody reads the cold rooms on Sundays too. */
function everyDay(planner: Planner, rooms: readonly ColdRoomSetting[]): void {
  const isSunday = weekday(planner.day) === 0;
  for (const [moment, hour] of isSunday
    ? ([['matin', 9]] as const)
    : ([
        ['matin', 6.8],
        ['soir', 22.6],
      ] as const)) {
    for (const { id, room } of rooms) {
      planner.add(hour, 'Tbfridge', () => {
        const temp = round(room.temperature(), 1);
        const { name, tempMin, tempMax } = room.plan;
        const isConform = temp <= tempMax + 0.5 && temp >= tempMin - 1;
        return {
          FridgeId: id,
          FridgeName: name,
          Temp: temp,
          TempMin: tempMin,
          TempMax: tempMax,
          Moment: moment,
          IsConform: isConform,
          CorrectiveAction: isConform ? null : correctiveActions.cold,
        };
      });
    }
  }
}
