/** A limited amount of something, such as memory in bytes, that callers share. */
export interface Room {
  /**
   * Does the work while it holds so many bytes of the room, once there are so many; whoever asked first has them first.
   * Work that needs more than the whole room has it alone.
   */
  hold<T>(bytes: number, work: () => Promise<T>): Promise<T>;
}

export function createRoom(bytesAtOnce: number): Room {
  let held = 0;
  const waiting: { readonly bytes: number; readonly begin: () => void }[] = [];

  return {
    async hold(wanted, work) {
      const bytes = Math.min(wanted, bytesAtOnce);
      await new Promise<void>((begin) => {
        waiting.push({ bytes, begin });
        beginNext();
      });
      try {
        return await work();
      } finally {
        held -= bytes;
        beginNext();
      }
    },
  };

  function beginNext(): void {
    for (let [next] = waiting; next !== undefined && held + next.bytes <= bytesAtOnce; [next] = waiting) {
      waiting.shift();
      held += next.bytes;
      next.begin();
    }
  }
}
