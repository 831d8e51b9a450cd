/** Gives back a turn. Calling it again has no effect. */
export type Leave = () => void;

export type Turns = ReturnType<typeof createTurns>;

/**
 * Lets so many in at once; the others wait, in the order in which they came. Who takes longer than `longestMs` keeps
 * going, but no longer counts: a slow sender holds nobody up.
 */
export function createTurns({ most, longestMs }: { readonly most: number; readonly longestMs: number }) {
  const waiting: (() => void)[] = [];
  let inside = 0;

  return {
    async take(): Promise<Leave> {
      if (inside >= most) await new Promise<void>((resolve) => waiting.push(resolve));
      else inside += 1;
      let isInside = true;
      const leave = () => {
        if (!isInside) return;
        isInside = false;
        clearTimeout(timer);
        const next = waiting.shift();
        // The place goes to the next one, so that the number stays the same.
        if (next === undefined) inside -= 1;
        else next();
      };
      const timer = setTimeout(leave, longestMs).unref();
      return leave;
    },
  };
}
