import { isIP } from 'node:net';
import { AwsError } from '../kernel/errors.ts';
import { cidrContains, parseCidr } from './cidr.ts';
import { wildcard } from './wildcard.ts';

/** Whether an event is one that a rule is about. */
export type EventMatcher = (event: unknown) => boolean;

/**
 * Compiles an event pattern; throws InvalidEventPatternException with EventBridge's reasons.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
 */
export function compilePattern(pattern: unknown): EventMatcher {
  if (typeof pattern !== 'object' || pattern === null || Array.isArray(pattern))
    throw invalid('Filter is not an object');
  return objectMatcher(pattern as Record<string, unknown>);
}

/** The pattern behind its JSON text. */
export function parsePattern(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
}

type ValueMatcher = {
  /** One of the values of a field, an array's elements each. */
  matches(value: unknown): boolean;
  /** Decides on the field as a whole: it may be absent. */
  readonly whole?: 'exists' | 'absent' | 'not';
};

/** Paths of nested objects that an array holds: a pattern must hold within one element of it. */
function objectMatcher(pattern: Record<string, unknown>): EventMatcher {
  const keys = Object.keys(pattern);
  if (keys.length === 0) throw invalid('Empty objects are not allowed');
  const fields = keys.map((key) =>
    key === '$or' && isOr(pattern.$or) ? orMatcher(pattern.$or) : fieldMatcher(key, pattern[key]),
  );
  return (event) => {
    if (Array.isArray(event)) return event.some((element) => fields.every((matches) => matches(element)));
    return fields.every((matches) => matches(event));
  };
}

const isOr = (value: unknown): value is Record<string, unknown>[] =>
  Array.isArray(value) &&
  value.length >= 2 &&
  value.every((item) => typeof item === 'object' && item !== null && !Array.isArray(item));

function orMatcher(alternatives: Record<string, unknown>[]): EventMatcher {
  const matchers = alternatives.map(objectMatcher);
  return (event) => matchers.some((matches) => matches(event));
}

function fieldMatcher(key: string, pattern: unknown): EventMatcher {
  if (Array.isArray(pattern)) {
    if (pattern.length === 0) throw invalid('Empty arrays are not allowed');
    const values = pattern.map(valueMatcher);
    return (event) => anyMatches(values, fieldOf(event, key));
  }
  if (typeof pattern === 'object' && pattern !== null) {
    const nested = objectMatcher(pattern as Record<string, unknown>);
    return (event) => nested(fieldOf(event, key));
  }
  throw invalid(`"${key}" must be an object or an array`);
}

/** EventBridge flattens both sides to dotted paths: a key `a.b` of a pattern is `b` within `a`, and the other way round. */
function fieldOf(event: unknown, key: string): unknown {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return undefined;
  if (Object.hasOwn(event, key)) return (event as Record<string, unknown>)[key];
  for (let dot = key.indexOf('.'); dot > 0; dot = key.indexOf('.', dot + 1)) {
    const nested = fieldOf((event as Record<string, unknown>)[key.slice(0, dot)], key.slice(dot + 1));
    if (nested !== undefined) return nested;
  }
  return undefined;
}

function anyMatches(matchers: readonly ValueMatcher[], field: unknown): boolean {
  const values: unknown[] = Array.isArray(field)
    ? field.flat(Number.POSITIVE_INFINITY)
    : field === undefined
      ? []
      : [field];
  return matchers.some((matcher) => {
    if (matcher.whole === 'absent') return !values.some((value) => !isObject(value));
    if (matcher.whole === 'exists') return values.some((value) => !isObject(value));
    return values.some((value) => !isObject(value) && matcher.matches(value));
  });
}

const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

function valueMatcher(pattern: unknown): ValueMatcher {
  if (pattern === null || ['string', 'number', 'boolean'].includes(typeof pattern)) {
    return { matches: (value) => value === pattern };
  }
  if (Array.isArray(pattern)) throw invalid('Match value must be String, number, true, false, or null');
  const entries = Object.entries(pattern as Record<string, unknown>);
  const [first] = entries;
  if (!first || entries.length > 1) throw invalid('Only one key allowed in match expression');
  const [operator, operand] = first;
  const compile = OPERATORS[operator];
  if (!compile) throw invalid(`Unrecognized match type ${operator}`);
  return compile(operand);
}

const OPERATORS: Record<string, (operand: unknown) => ValueMatcher> = {
  exists: (operand) => {
    if (typeof operand !== 'boolean') throw invalid('exists match pattern must be either true or false.');
    return { whole: operand ? 'exists' : 'absent', matches: () => false };
  },
  prefix: (operand) => affix('prefix', operand),
  suffix: (operand) => affix('suffix', operand),
  'equals-ignore-case': (operand) => {
    if (typeof operand !== 'string') throw invalid('equals-ignore-case match pattern must be a string');
    return text((value) => value.toLowerCase() === operand.toLowerCase());
  },
  wildcard: (operand) => {
    if (typeof operand !== 'string') throw invalid('wildcard match pattern must be a string');
    return text(wildcard(operand));
  },
  cidr: (operand) => {
    if (typeof operand !== 'string') throw invalid('prefix match pattern must be a string');
    const block = parseCidr(operand);
    return text((value) => isIP(value) > 0 && cidrContains(block, value));
  },
  numeric: numeric,
  'anything-but': anythingBut,
};

function affix(kind: 'prefix' | 'suffix', operand: unknown): ValueMatcher {
  const test = (value: string, wanted: string) =>
    kind === 'prefix' ? value.startsWith(wanted) : value.endsWith(wanted);
  if (typeof operand === 'string') return text((value) => test(value, operand));
  const folded = isObject(operand) ? (operand as Record<string, unknown>)['equals-ignore-case'] : undefined;
  if (typeof folded === 'string') return text((value) => test(value.toLowerCase(), folded.toLowerCase()));
  throw invalid(`${kind} match pattern must be a string`);
}

const COMPARE: Record<string, (a: number, b: number) => boolean> = {
  '=': (a, b) => a === b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
};

function numeric(operand: unknown): ValueMatcher {
  if (!Array.isArray(operand)) throw invalid('Value of numeric must be an array.');
  const tests: { sign: string; limit: number }[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const [sign, limit] = [operand[index] as unknown, operand[index + 1] as unknown];
    if (typeof sign !== 'string' || !COMPARE[sign])
      throw invalid(`Unrecognized numeric range operator: ${String(sign)}`);
    if (typeof limit !== 'number') throw invalid(`Value of ${sign} must be numeric`);
    tests.push({ sign, limit });
  }
  const [first, second, ...rest] = tests;
  if (!first) throw invalid('Invalid member in numeric match: ]');
  if (rest.length > 0 || (second && first.sign === '=')) throw invalid('Too many elements in numeric expression');
  if (second && (second.sign === '=' || second.sign.charAt(0) === first.sign.charAt(0))) {
    throw invalid(`Bad numeric range operator: ${second.sign}`);
  }
  return {
    matches: (value) => typeof value === 'number' && tests.every(({ sign, limit }) => COMPARE[sign]?.(value, limit)),
  };
}

const NOT_A_VALUE = 'Value of anything-but must be an array or single string/number value.';

function anythingBut(operand: unknown): ValueMatcher {
  if (typeof operand === 'string' || typeof operand === 'number') return not([(value) => value === operand]);
  if (Array.isArray(operand)) {
    if (operand.length === 0) throw invalid('Empty arrays are not allowed');
    if (operand.some((item) => typeof item !== 'string' && typeof item !== 'number')) {
      throw invalid('Inside anything but list, start|null|boolean is not supported.');
    }
    return not(operand.map((item) => (value) => value === item));
  }
  if (!isObject(operand)) throw invalid(NOT_A_VALUE);
  const entries = Object.entries(operand as Record<string, unknown>);
  const [kind = '', wanted] = entries[0] ?? [];
  if (entries.length !== 1) throw invalid('Only one key allowed in match expression');
  const list = Array.isArray(wanted) ? wanted : [wanted];
  if (isObject(wanted)) throw invalid(NOT_A_VALUE);
  if (kind === 'prefix' || kind === 'suffix') {
    if (list.some((item) => typeof item !== 'string')) throw invalid('prefix/suffix match pattern must be a string');
    if (list.includes('')) throw invalid('Null prefix/suffix not allowed');
    return not(list.map((item) => affix(kind, item).matches));
  }
  if (kind === 'equals-ignore-case') {
    if (list.some((item) => typeof item !== 'string')) {
      throw invalid('Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.');
    }
    return not(
      list.map((item: string) => (value) => typeof value === 'string' && value.toLowerCase() === item.toLowerCase()),
    );
  }
  if (kind === 'wildcard') {
    if (list.some((item) => typeof item !== 'string')) throw invalid('wildcard match pattern must be a string');
    return not(list.map((item: string) => text(wildcard(item)).matches));
  }
  throw invalid(`Unsupported anything-but pattern: ${kind}`);
}

const not = (forbidden: readonly ((value: unknown) => boolean)[]): ValueMatcher => ({
  matches: (value) => !forbidden.some((is) => is(value)),
});

const text = (test: (value: string) => boolean): ValueMatcher => ({
  matches: (value) => typeof value === 'string' && test(value),
});

/** EventBridge's refusal of a pattern. */
export const invalid = (reason: string) =>
  new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
