/** e.g. `1 day`, `3 days`. */
export const several = (count: number, one: string, many: string) =>
  count === 1 ? `1 ${one}` : `${count} ${many}`;
