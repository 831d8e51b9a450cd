/** e.g. `1 jour`, `3 jours`. French counts nought as one. */
export const several = (count: number, one: string, many: string) =>
  count <= 1 ? `${count} ${one}` : `${count} ${many}`;
