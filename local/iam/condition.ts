import { compile, matches, matchesArn, type Variables } from './pattern.ts';
import type { PolicyStatement } from './principal.ts';

/** The values of the condition keys of one request, by lower-cased key: the names of keys have no case. */
export type ConditionContext = ReadonlyMap<string, readonly string[]>;

interface Operator {
  /** Whether the request's value matches one of the policy's. */
  test(wanted: string, actual: string, variables: Variables): boolean;
  /** True when none of the policy's values may match. */
  readonly negated: boolean;
}

const like = (wanted: string, actual: string, variables: Variables) => {
  const pattern = compile(wanted, variables);
  return pattern !== undefined && matches(pattern, actual);
};
const arn = (wanted: string, actual: string, variables: Variables) => {
  const pattern = compile(wanted, variables);
  return pattern !== undefined && matchesArn(pattern, actual);
};
/** Wildcards are ordinary characters to StringEquals; variables are not. */
const equal = (wanted: string, actual: string, variables: Variables) => {
  const pattern = compile(
    wanted.replace(/(?<!\$\{)[*?]/g, (wildcard) => `\${${wildcard}}`),
    variables,
  );
  return pattern !== undefined && matches(pattern, actual);
};
const numbers = (compare: (actual: number, wanted: number) => boolean) => (wanted: string, actual: string) =>
  compare(Number(actual), Number(wanted));
const dates = (compare: (actual: number, wanted: number) => boolean) => (wanted: string, actual: string) =>
  compare(instant(actual), instant(wanted));

const isEqual = (a: number, b: number) => a === b;
const isLess = (a: number, b: number) => a < b;
const isAtMost = (a: number, b: number) => a <= b;
const isMore = (a: number, b: number) => a > b;
const isAtLeast = (a: number, b: number) => a >= b;

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html */
const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: { test: equal, negated: false },
  StringNotEquals: { test: equal, negated: true },
  StringEqualsIgnoreCase: { test: (a, b, v) => equal(a.toLowerCase(), b.toLowerCase(), v), negated: false },
  StringNotEqualsIgnoreCase: { test: (a, b, v) => equal(a.toLowerCase(), b.toLowerCase(), v), negated: true },
  StringLike: { test: like, negated: false },
  StringNotLike: { test: like, negated: true },
  ArnEquals: { test: arn, negated: false },
  ArnLike: { test: arn, negated: false },
  ArnNotEquals: { test: arn, negated: true },
  ArnNotLike: { test: arn, negated: true },
  Bool: { test: (wanted, actual) => wanted.toLowerCase() === actual.toLowerCase(), negated: false },
  NumericEquals: { test: numbers(isEqual), negated: false },
  NumericNotEquals: { test: numbers(isEqual), negated: true },
  NumericLessThan: { test: numbers(isLess), negated: false },
  NumericLessThanEquals: { test: numbers(isAtMost), negated: false },
  NumericGreaterThan: { test: numbers(isMore), negated: false },
  NumericGreaterThanEquals: { test: numbers(isAtLeast), negated: false },
  DateEquals: { test: dates(isEqual), negated: false },
  DateNotEquals: { test: dates(isEqual), negated: true },
  DateLessThan: { test: dates(isLess), negated: false },
  DateLessThanEquals: { test: dates(isAtMost), negated: false },
  DateGreaterThan: { test: dates(isMore), negated: false },
  DateGreaterThanEquals: { test: dates(isAtLeast), negated: false },
};

export interface OperatorName {
  readonly base: string;
  readonly quantifier?: 'ForAllValues' | 'ForAnyValue';
  readonly ifExists: boolean;
}

/** Takes `ForAnyValue:StringLikeIfExists` apart; undefined when there is no such operator. */
export function parseOperator(name: string): OperatorName | undefined {
  const [, quantifier, rest = ''] = /^(?:(ForAllValues|ForAnyValue):)?(.+)$/.exec(name) ?? [];
  const ifExists = rest.endsWith('IfExists');
  const base = ifExists ? rest.slice(0, -'IfExists'.length) : rest;
  if (base === 'Null' ? ifExists || quantifier : !Object.hasOwn(OPERATORS, base)) return undefined;
  return { base, ifExists, ...(quantifier ? { quantifier: quantifier as OperatorName['quantifier'] } : {}) };
}

/** Whether every operator and every key of a statement's conditions holds for a request. */
export function conditionsHold(condition: PolicyStatement['Condition'], context: ConditionContext): boolean {
  for (const [name, keys] of Object.entries(condition ?? {})) {
    const operator = parseOperator(name);
    if (!operator) return false;
    for (const [key, wanted] of Object.entries(keys)) {
      const values = (Array.isArray(wanted) ? wanted : [wanted]).map(String);
      if (!keyHolds(operator, values, context.get(key.toLowerCase()) ?? [], context)) return false;
    }
  }
  return true;
}

/** What `${key}` stands for; a key with several values cannot be a variable. */
export function variablesOf(context: ConditionContext): Variables {
  return (key) => {
    const values = context.get(key.toLowerCase());
    return values?.length === 1 ? values[0] : undefined;
  };
}

function keyHolds(
  { base, quantifier, ifExists }: OperatorName,
  wanted: readonly string[],
  actual: readonly string[],
  context: ConditionContext,
): boolean {
  if (base === 'Null') return wanted.some((value) => (value === 'true') === (actual.length === 0));
  const operator = OPERATORS[base];
  if (!operator) return false;
  if (actual.length === 0) {
    if (quantifier === 'ForAnyValue') return ifExists;
    return quantifier === 'ForAllValues' || ifExists || operator.negated;
  }
  const variables = variablesOf(context);
  const holds = (value: string) =>
    wanted.some((candidate) => operator.test(candidate, value, variables)) !== operator.negated;
  return quantifier === 'ForAllValues' ? actual.every(holds) : actual.some(holds);
}

/** A date of a policy: ISO 8601 or seconds since the epoch. */
function instant(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}
