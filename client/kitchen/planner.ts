import type { Dice } from './dice';
import { operators, type ProductPlan, products } from './french-kitchen';
import { atHour, daysLater, wallDate } from './wall-clock';

export type ReadingValue = string | number | boolean | Date | null;

/** One row of a log table, without its `Id`. A time is a `Date`; a day is text. */
export interface Reading {
  readonly table: string;
  readonly at: Date;
  readonly values: Readonly<Record<string, ReadingValue>>;
  /** The words on the photo of this row. */
  readonly photo: string | null;
}

/** A planned act: its readings are known only when it happens. */
export interface Planned {
  readonly at: Date;
  do(): Reading;
}

/** The state that a kitchen keeps from one day to the next. */
export interface Memory {
  /** Polar compounds in each fryer, %. */
  readonly polarPercent: Map<string, number>;
  lots: number;
}

export const newMemory = (): Memory => ({ polarPercent: new Map(), lots: 0 });

/** The plan of a day's work before it is done. */
export interface Planner {
  readonly planned: Planned[];
  readonly day: Date;
  readonly memory: Memory;
  readonly dice: Dice;
  /** Adds work for about that hour. */
  readonly add: (hour: number, table: string, values: (at: Date) => Values, photo?: string) => void;
  lot(): string;
  product(...families: ProductPlan['family'][]): ProductPlan;
}

export type Values = Readonly<Record<string, ReadingValue>>;

export function createPlanner(day: Date, memory: Memory, dice: Dice): Planner {
  const planned: Planned[] = [];
  return {
    ...{ planned, day, memory, dice },
    add: (hour, table, values, photo) => {
      const at = new Date(atHour(day, hour + dice.around(0, 0.08)).getTime() + dice.whole(0, 59) * 1000);
      const { name } = dice.pick(operators);
      planned.push({
        at,
        do: () => ({
          ...{ table, at, photo: photo ?? null },
          values: {
            MeasuredAt: at,
            UserName: name,
            IsConform: true,
            CorrectiveAction: null,
            Comment: null,
            ...values(at),
          },
        }),
      });
    },
    lot: () =>
      `L${wallDate(day).replaceAll('-', '').slice(2)}-${String((memory.lots += 1)).padStart(4, '0')}`,
    product: (...families) => {
      const [first, ...others] = products.filter(({ family }) => families.includes(family));
      return first === undefined ? products[0] : dice.pick([first, ...others]);
    },
  };
}

/** The date some days after the planner's day, as a date is written. */
export function inDays({ day }: Planner, days: number): string {
  return wallDate(daysLater(day, days));
}

export const minutesAfter = (at: Date, minutes: number) => new Date(at.getTime() + minutes * 60_000);
