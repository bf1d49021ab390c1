const MULTIPLIER = 0x5deece66dn;
const MASK = (1n << 48n) - 1n;

/** The linear congruential generator that the documentation of `java.util.Random` specifies. */
export class JavaRandom {
  #state: bigint;

  constructor(seed: number) {
    this.#state = (BigInt(Math.trunc(seed)) ^ MULTIPLIER) & MASK;
  }

  nextDouble(): number {
    const high = this.#next(26n) << 27n;
    return Number(high + this.#next(27n)) / 2 ** 53;
  }

  #next(bits: bigint): bigint {
    this.#state = (this.#state * MULTIPLIER + 0xbn) & MASK;
    return this.#state >> (48n - bits);
  }
}
