import { AwsError, Unsupported } from '../kernel/errors.ts';

type Test = (event: unknown) => boolean;

/** Compiles `{ $.level = "ERROR" && ($.took > 100 || $.user NOT EXISTS) }`. A message that is no JSON object never fits. */
export function jsonFilter(pattern: string): (message: string) => boolean {
  const test = new JsonFilterParser(pattern).parse();
  return (message) => {
    try {
      const event: unknown = JSON.parse(message);
      return typeof event === 'object' && event !== null && test(event);
    } catch {
      // Plain text among JSON is no error.
      return false;
    }
  };
}

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};
const IS: Readonly<Record<string, unknown>> = { NULL: null, TRUE: true, FALSE: false };

class JsonFilterParser {
  readonly #pattern: string;
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#tokens = pattern.match(/"(?:[^"\\]|\\.)*"|&&|\|\||[<>!]=|[{}()=<>]|[^\s{}()=<>!&|"]+|\S/g) ?? [];
  }

  parse(): Test {
    this.#expect('{');
    const test = this.#any();
    this.#expect('}');
    if (this.#at < this.#tokens.length) throw this.#invalid();
    return test;
  }

  #any(): Test {
    const tests = [this.#all()];
    while (this.#take('||')) tests.push(this.#all());
    return (event) => tests.some((test) => test(event));
  }

  #all(): Test {
    const tests = [this.#condition()];
    while (this.#take('&&')) tests.push(this.#condition());
    return (event) => tests.every((test) => test(event));
  }

  #condition(): Test {
    if (this.#take('(')) {
      const test = this.#any();
      this.#expect(')');
      return test;
    }
    const read = selector(this.#next(), () => this.#invalid());
    const operator = this.#next();
    if (operator === 'NOT') {
      this.#expect('EXISTS');
      return (event) => read(event) === undefined;
    }
    if (operator === 'IS') {
      const wanted = this.#next();
      if (!Object.hasOwn(IS, wanted)) throw this.#invalid();
      return (event) => read(event) === IS[wanted];
    }
    return this.#comparison(read, operator, this.#next());
  }

  #comparison(read: (event: unknown) => unknown, operator: string, operand: string): Test {
    if (operand.startsWith('%')) throw new Unsupported(`regular expressions in log filters (${this.#pattern})`);
    const compare = COMPARE[operator];
    if (compare) {
      const limit = Number(operand);
      if (Number.isNaN(limit)) throw this.#invalid();
      return (event) => {
        const value = read(event);
        return typeof value === 'number' && compare(value, limit);
      };
    }
    if (operator !== '=' && operator !== '!=') throw this.#invalid();
    const equals = equality(operand);
    return (event) => {
      const value = read(event);
      return value !== undefined && equals(value) === (operator === '=');
    };
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) throw this.#invalid();
    return token;
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#take(token)) throw this.#invalid();
  }

  #invalid() {
    return new AwsError('InvalidParameterException', `Invalid filter pattern ${JSON.stringify(this.#pattern)}`);
  }
}

/** `$.a.b[0].c`; undefined where nothing stands. */
function selector(text: string, invalid: () => Error): (event: unknown) => unknown {
  const steps = [...text.slice(1).matchAll(/\.([^.[\]]+)|\[(\d+)\]/gy)];
  const length = steps.reduce((sum, [step]) => sum + step.length, 1);
  if (!text.startsWith('$') || steps.length === 0 || length !== text.length) throw invalid();
  const names = steps.map(([, name, index]) => name ?? index ?? '');
  return (event) =>
    names.reduce<unknown>((value, name) => {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
      return (value as Record<string, unknown>)[name];
    }, event);
}

/** Numbers are equal as numbers, text with `*` for any text. */
function equality(operand: string): (value: unknown) => boolean {
  const quoted = operand.startsWith('"');
  const text = quoted ? operand.slice(1, -1).replace(/\\(.)/g, '$1') : operand;
  const number = quoted ? Number.NaN : Number(text);
  const pattern = new RegExp(`^${text.split('*').map(escaped).join('.*')}$`, 's');
  return (value) => {
    if (typeof value === 'number' && !Number.isNaN(number)) return value === number;
    return typeof value === 'string' && pattern.test(value);
  };
}

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
