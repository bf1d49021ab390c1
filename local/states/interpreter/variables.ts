import type { Json } from '../json.ts';

/** The variables of a scope. A branch or an iteration sees those around it and writes only its own. */
export class Variables {
  readonly #outer: Readonly<Record<string, Json>>;
  #own: Record<string, Json>;

  constructor(outer: Readonly<Record<string, Json>> = {}, own: Record<string, Json> = {}) {
    this.#outer = outer;
    this.#own = own;
  }

  assign(values: Readonly<Record<string, Json>>): void {
    this.#own = { ...this.#own, ...values };
  }

  /** Everything that an expression may name. */
  get visible(): Readonly<Record<string, Json>> {
    return { ...this.#outer, ...this.#own };
  }

  inner(): Variables {
    return new Variables(this.visible);
  }
}
