import { createHash } from 'node:crypto';

/**
 * A stream of numbers in [0, 1) for each name: what one alias draws does not depend on what others do.
 * Mulberry32, https://gist.github.com/tommyettinger/46a874533244883189143505d203312c
 */
export function seededRandom(seed: string): (name: string) => number {
  const states = new Map<string, number>();
  return (name) => {
    const state =
      ((states.get(name) ?? createHash('sha256').update(`${seed}/${name}`).digest().readInt32LE()) + 0x6d2b79f5) | 0;
    states.set(name, state);
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
