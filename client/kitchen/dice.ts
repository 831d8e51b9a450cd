/** Random numbers that are the same in every run: everything in a kitchen follows from its seed. */
export interface Dice {
  /** 0 ≤ x < 1. */
  readonly next: () => number;
  between(least: number, most: number): number;
  /** Both ends are included. */
  whole(least: number, most: number): number;
  /** Normally distributed. */
  around(mean: number, deviation: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(from: readonly [T, ...T[]]): T;
  /** Separate dice that other throws do not change. */
  fork(name: string): Dice;
}

export function createDice(seed: string): Dice {
  const next = mulberry32(fnv1a(seed));
  const between = (least: number, most: number) => least + (most - least) * next();
  const whole = (least: number, most: number) => least + Math.floor((most - least + 1) * next());
  return {
    next,
    between,
    whole,
    // Sum of uniforms: close enough to a normal, and never absurdly far out.
    around: (mean, deviation) => mean + deviation * (next() + next() + next() + next() - 2) * Math.sqrt(3),
    chance: (probability) => next() < probability,
    pick: (from) => from[whole(0, from.length - 1)] ?? from[0],
    fork: (name) => createDice(`${seed}/${name}`),
  };
}

/** Source: Tommy Ettinger, mulberry32. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Source: Fowler, Noll, Vo, FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
