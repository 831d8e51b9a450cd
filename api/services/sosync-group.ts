/** Things that are done together: those that come while some are under way wait for the next turn. */
export interface Group<Item, Result> {
  /** Its own result, once its turn is over; rejects with what ended the whole turn. */
  add(item: Item): Promise<Result>;
}

/**
 * Many callers, few transactions. `work` gets at most `most` items, and returns a result for each, in their order.
 */
export function createGroup<Item, Result>(
  most: number,
  work: (items: readonly Item[]) => Promise<readonly Result[]>,
): Group<Item, Result> {
  const waiting: Waiting<Item, Result>[] = [];
  let isWorking = false;
  return {
    add: (item) =>
      new Promise<Result>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
        if (!isWorking) void workOff();
      }),
  };

  async function workOff(): Promise<void> {
    isWorking = true;
    while (waiting.length > 0) {
      const turn = waiting.splice(0, most);
      try {
        const results = await work(turn.map(({ item }) => item));
        turn.forEach(({ resolve, reject }, place) => {
          const result = results[place];
          if (result === undefined) reject(new Error('nothing became of it'));
          else resolve(result);
        });
      } catch (error) {
        for (const { reject } of turn) reject(error);
      }
    }
    isWorking = false;
  }
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}
