import { Unsupported } from '../kernel/errors.ts';
import { FUNCTIONS, type MathFunction } from './math-functions.ts';
import { type Operand, type Values, zip } from './operands.ts';

/** What an expression is computed from. */
export interface MathScope {
  readonly length: number;
  series(id: string): Values;
  /** Every metric of the request, for `METRICS()`. */
  metrics(): Values[];
}

export interface Expression {
  /** The ids that it names. */
  readonly references: readonly string[];
  /** Whether it takes all metrics. */
  readonly usesMetrics: boolean;
  evaluate(scope: MathScope): Operand;
}

/**
 * Compiles a metric math expression: numbers, ids, `[lists]`, `+ - * /`, comparisons, `AND OR`, and the functions of
 * {@link FUNCTIONS}. Anything else is refused by name.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 */
export function compileExpression(text: string): Expression {
  const known = COMPILED.get(text);
  if (known) return known;
  const parser = new Parser(text);
  const evaluate = parser.parse();
  const expression = { references: parser.references, usesMetrics: parser.usesMetrics, evaluate };
  COMPILED.set(text, expression);
  return expression;
}

const COMPILED = new Map<string, Expression>();

type Compute = Expression['evaluate'];

interface Binary {
  readonly level: number;
  apply(a: number, b: number): number | undefined;
}

const or: Binary = { level: 1, apply: (a, b) => Number(a !== 0 || b !== 0) };
const and: Binary = { level: 2, apply: (a, b) => Number(a !== 0 && b !== 0) };
const BINARY: Readonly<Record<string, Binary>> = {
  OR: or,
  '||': or,
  AND: and,
  '&&': and,
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
const PRODUCT_LEVEL = 5;

/** Precedence climbing; what comes out computes on a scope. */
class Parser {
  readonly references: string[] = [];
  usesMetrics = false;
  readonly #text: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = text.match(/\d+(?:\.\d+)?|[A-Za-z_]\w*|>=|<=|==|!=|&&|\|\||\S/g) ?? [];
  }

  parse(): Compute {
    const compute = this.#binary(0);
    if (this.#at < this.#tokens.length) throw this.#unsupported();
    return compute;
  }

  #binary(level: number): Compute {
    let left = this.#primary();
    for (;;) {
      const operator = BINARY[this.#tokens[this.#at] ?? ''];
      if (!operator || operator.level <= level) return left;
      this.#at += 1;
      const [first, second] = [left, this.#binary(operator.level)];
      left = (scope) => zip(first(scope), second(scope), scope.length, operator.apply);
    }
  }

  #primary(): Compute {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#unsupported();
    if (token === '(') return this.#closed(this.#binary(0), ')');
    if (token === '[') return this.#list();
    if (token === '-') {
      const operand = this.#binary(PRODUCT_LEVEL);
      return (scope) => zip(0, operand(scope), scope.length, (a, b) => a - b);
    }
    if (/^\d/.test(token)) return () => Number(token);
    if (this.#tokens[this.#at] === '(') return this.#call(token);
    // An id begins with a lower case letter.
    if (!/^[a-z]/.test(token)) throw this.#unsupported();
    this.references.push(token);
    return (scope) => scope.series(token);
  }

  #list(): Compute {
    const items = this.#items(']');
    return (scope) => ({ list: items.map((item) => asSeries(item(scope), scope.length)) });
  }

  #call(name: string): Compute {
    this.#at += 1;
    if (name === 'METRICS' && this.#tokens[this.#at] === ')') {
      this.#at += 1;
      this.usesMetrics = true;
      return (scope) => ({ list: scope.metrics() });
    }
    const call: MathFunction | undefined = FUNCTIONS[name];
    if (!call) throw this.#unsupported();
    if (name === 'FILL') return this.#fill(call);
    const given = this.#items(')');
    if (!call.arity.includes(given.length)) throw this.#unsupported();
    return (scope) =>
      call.apply(
        given.map((item) => item(scope)),
        scope.length,
      );
  }

  /** `FILL(series, REPEAT)` names a way of filling where others have a value. */
  #fill(call: MathFunction): Compute {
    const series = this.#closed(this.#binary(0), ',');
    if (this.#tokens[this.#at] === 'REPEAT') {
      this.#at += 1;
      return this.#closed((scope) => call.apply([series(scope)], scope.length), ')');
    }
    const filler = this.#closed(this.#binary(0), ')');
    return (scope) => call.apply([series(scope), filler(scope)], scope.length);
  }

  #items(end: string): Compute[] {
    const items: Compute[] = [];
    while (this.#tokens[this.#at] !== end) {
      items.push(this.#binary(0));
      if (this.#tokens[this.#at] !== end) this.#expect(',');
    }
    this.#expect(end);
    return items;
  }

  #closed(compute: Compute, end: string): Compute {
    this.#expect(end);
    return compute;
  }

  #expect(token: string): void {
    if (this.#tokens[this.#at++] !== token) throw this.#unsupported();
  }

  #unsupported() {
    return new Unsupported(`the metric math expression ${JSON.stringify(this.#text)}`);
  }
}

/** An operand as one series; of a list, which only functions take, the first. */
export function asSeries(operand: Operand, length: number): Values {
  if (typeof operand === 'number') return Array<number>(length).fill(operand);
  return 'list' in operand ? (operand.list[0] ?? []) : operand;
}
