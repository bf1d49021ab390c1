/** The keys of a bucket in the order in which S3 lists them: by their UTF-8 bytes. */
export class SortedKeys {
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: string): void {
    const at = this.#from(key);
    if (this.#keys[at] !== key) this.#keys.splice(at, 0, key);
  }

  delete(key: string): void {
    const at = this.#from(key);
    if (this.#keys[at] === key) this.#keys.splice(at, 1);
  }

  /** The first key that is `>= key`, or `> key` when `after`. */
  next(key: string, { after = false } = {}): string | undefined {
    const at = this.#from(key);
    return after && this.#keys[at] === key ? this.#keys[at + 1] : this.#keys[at];
  }

  /** The first key beyond every key that starts with `prefix`. */
  nextBeyond(prefix: string): string | undefined {
    let low = this.#from(prefix);
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]?.startsWith(prefix)) low = middle + 1;
      else high = middle;
    }
    return this.#keys[low];
  }

  #from(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#keys[middle] ?? '', key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Orders as the UTF-8 bytes do; UTF-16 units differ from them for surrogates only, which stand for the highest code points. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
