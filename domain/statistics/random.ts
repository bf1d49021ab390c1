/** A seeded source of randomness: the same seed gives the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform in 0 … n − 1. */
  below(n: number): number;
  /** Standard normal. */
  normal(): number;
}

/** SplitMix32: one 32-bit word of state, a period of 2³², equidistributed; plenty for resampling. */
export function random(seed: number): Random {
  let state = seed | 0;
  const word = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  const uniform = () => word() / 2 ** 32;
  return {
    uniform,
    below: (n) => Math.floor((word() / 2 ** 32) * n),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}

/** Puts numbers into random order, in place. */
export function shuffle(values: Uint32Array | number[], source: Random): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = source.below(last + 1);
    const held = values[last] ?? 0;
    values[last] = values[other] ?? 0;
    values[other] = held;
  }
}
