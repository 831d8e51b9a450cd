/** The two systems of a run: our own, and another. */
export type Side = 'here' | 'there';

export const sides: readonly Side[] = ['here', 'there'];

export const otherSide = (side: Side): Side => (side === 'here' ? 'there' : 'here');

export type PerSide<T> = Readonly<Record<Side, T>>;

export const perSide = <T>(make: (side: Side) => T): PerSide<T> => ({
  here: make('here'),
  there: make('there'),
});
