import { Unsupported } from '../kernel/errors.ts';

/** A series of windows, newest last; undefined where there is no data. */
export type Values = readonly (number | undefined)[];

/**
 * Evaluates a metric math expression over series of equal length: numbers, ids, `+ - * /`, comparisons, `AND OR`, `FILL`,
 * `IF`, `SUM AVG MIN MAX METRICS`. Anything else is refused by name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export function evaluate(expression: string, series: ReadonlyMap<string, Values>, length: number): Values {
  const parser = new Parser(tokens(expression), { series, length, expression });
  return asSeries(parser.parse(), length);
}

type Operand = Values | number | Values[];
const asSeries = (operand: Operand, length: number): Values => {
  if (typeof operand === 'number') return Array<number>(length).fill(operand);
  return isList(operand) ? (operand[0] ?? []) : operand;
};
const isList = (operand: Operand): operand is Values[] => Array.isArray(operand) && Array.isArray(operand[0]);

function tokens(expression: string): string[] {
  const found = expression.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|>=|<=|==|!=|&&|\|\||[-+*/(),<>]|\S/g) ?? [];
  return [...found];
}

const BINARY: Record<string, { level: number; apply: (a: number, b: number) => number | undefined }> = {
  OR: { level: 1, apply: (a, b) => Number(a !== 0 || b !== 0) },
  '||': { level: 1, apply: (a, b) => Number(a !== 0 || b !== 0) },
  AND: { level: 2, apply: (a, b) => Number(a !== 0 && b !== 0) },
  '&&': { level: 2, apply: (a, b) => Number(a !== 0 && b !== 0) },
  '<': { level: 3, apply: (a, b) => Number(a < b) },
  '<=': { level: 3, apply: (a, b) => Number(a <= b) },
  '>': { level: 3, apply: (a, b) => Number(a > b) },
  '>=': { level: 3, apply: (a, b) => Number(a >= b) },
  '==': { level: 3, apply: (a, b) => Number(a === b) },
  '!=': { level: 3, apply: (a, b) => Number(a !== b) },
  '+': { level: 4, apply: (a, b) => a + b },
  '-': { level: 4, apply: (a, b) => a - b },
  '*': { level: 5, apply: (a, b) => a * b },
  '/': { level: 5, apply: (a, b) => (b === 0 ? undefined : a / b) },
};

interface Scope {
  readonly series: ReadonlyMap<string, Values>;
  readonly length: number;
  readonly expression: string;
}

class Parser {
  readonly #tokens: string[];
  readonly #scope: Scope;
  #at = 0;

  constructor(list: string[], scope: Scope) {
    this.#tokens = list;
    this.#scope = scope;
  }

  parse(): Operand {
    const value = this.#binary(0);
    if (this.#at < this.#tokens.length) throw this.#unsupported();
    return value;
  }

  #binary(level: number): Operand {
    let left = this.#primary();
    for (;;) {
      const operator = BINARY[this.#tokens[this.#at] ?? ''];
      if (!operator || operator.level <= level) return left;
      this.#at += 1;
      const right = this.#binary(operator.level);
      left = this.#zip(left, right, operator.apply);
    }
  }

  #primary(): Operand {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#unsupported();
    if (token === '(') {
      const value = this.#binary(0);
      this.#expect(')');
      return value;
    }
    if (token === '-') return this.#zip(0, this.#binary(5), (a, b) => a - b);
    if (/^\d/.test(token)) return Number(token);
    if (this.#tokens[this.#at] === '(') return this.#call(token);
    const series = this.#scope.series.get(token);
    if (!series) throw this.#unsupported();
    return series;
  }

  #call(name: string): Operand {
    this.#expect('(');
    const values: Operand[] = [];
    while (this.#tokens[this.#at] !== ')') {
      values.push(this.#binary(0));
      if (this.#tokens[this.#at] !== ')') this.#expect(',');
    }
    this.#expect(')');
    const { length } = this.#scope;
    const [first = 0, second = 0, third = 0] = values;
    if (name === 'METRICS' && values.length === 0) return [...this.#scope.series.values()];
    if (name === 'FILL' && values.length === 2) {
      const filler = asSeries(second, length);
      return asSeries(first, length).map((value, index) => value ?? filler[index]);
    }
    if (name === 'IF' && values.length === 3) {
      const [yes, no] = [asSeries(second, length), asSeries(third, length)];
      return asSeries(first, length).map((value, index) =>
        value === undefined ? undefined : value !== 0 ? yes[index] : no[index],
      );
    }
    const fold = FOLDS[name];
    if (!fold || values.length !== 1) throw this.#unsupported();
    if (!isList(first)) {
      const known = asSeries(first, length).filter((value) => value !== undefined);
      return known.length === 0 ? Array<undefined>(length).fill(undefined) : fold(known);
    }
    return Array.from({ length }, (_, index) => {
      const known = first.map((series) => series[index]).filter((value) => value !== undefined);
      return known.length === 0 ? undefined : fold(known);
    });
  }

  #zip(left: Operand, right: Operand, apply: (a: number, b: number) => number | undefined): Values {
    const { length } = this.#scope;
    const [a, b] = [asSeries(left, length), asSeries(right, length)];
    return a.map((value, index) => {
      const other = b[index];
      return value === undefined || other === undefined ? undefined : apply(value, other);
    });
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at++] !== token) throw this.#unsupported();
  }

  #unsupported() {
    return new Unsupported(`the metric math expression ${JSON.stringify(this.#scope.expression)}`);
  }
}

const FOLDS: Record<string, (values: readonly number[]) => number> = {
  SUM: (values) => values.reduce((sum, value) => sum + value, 0),
  AVG: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
};
