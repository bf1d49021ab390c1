import { randomBytes } from 'node:crypto';
import { AwsError, Unsupported } from '../kernel/errors.ts';

/** https://docs.aws.amazon.com/firehose/latest/dev/s3-prefixes.html */
const EXPRESSION = /!\{([^:{}]*):([^{}]*)\}/g;
const DEFAULT_TIME = '!{timestamp:yyyy/MM/dd/HH/}';
const LONGEST = 1_024;

/** What an expression in a prefix may stand for. */
export interface PrefixValues {
  /** When the oldest record of the object arrived. */
  readonly at: number;
  readonly keys: Readonly<Record<string, string>>;
  /** Why records failed; only in prefixes of errors. */
  readonly errorType?: string;
}

interface Prefixes {
  readonly prefix: string;
  readonly errorPrefix: string;
}

/** Where an object with records that failed goes, or one with the others. */
export function evaluatePrefix({ prefix, errorPrefix }: Prefixes, values: PrefixValues): string {
  const { errorType } = values;
  if (errorType === undefined) return evaluate(hasExpression(prefix) ? prefix : `${prefix}${DEFAULT_TIME}`, values);
  if (hasExpression(errorPrefix)) return evaluate(errorPrefix, values);
  return evaluate(`${errorPrefix || prefix}${errorType}/${DEFAULT_TIME}`, values);
}

/** The names that a prefix takes from a function's answer. */
export function lambdaKeys(prefix: string): string[] {
  return [...prefix.matchAll(EXPRESSION)]
    .filter(([, name]) => name === 'partitionKeyFromLambda')
    .map(([, , key = '']) => key);
}

/** Refuses prefixes that Firehose refuses. */
export function checkPrefixes({ prefix, errorPrefix, partitioned }: Prefixes & { partitioned: boolean }): void {
  for (const text of [prefix, errorPrefix]) {
    if (text.replace(EXPRESSION, '').includes('!{')) throw refusal(`The prefix ${text} is not valid`);
    for (const [, name = '', value = ''] of text.matchAll(EXPRESSION)) checkExpression(name, value);
  }
  const isError = ([, name, value]: RegExpMatchArray) => name === 'firehose' && value === 'error-output-type';
  const isKey = ([, name]: RegExpMatchArray) => name === 'partitionKeyFromLambda';
  const [good, bad] = [[...prefix.matchAll(EXPRESSION)], [...errorPrefix.matchAll(EXPRESSION)]];
  if (good.some(isError)) throw refusal('Prefix cannot contain !{firehose:error-output-type}');
  if (bad.some(isKey)) throw refusal('ErrorOutputPrefix cannot contain partition keys');
  if (bad.length > 0 && !bad.some(isError)) {
    throw refusal('ErrorOutputPrefix must contain !{firehose:error-output-type} when it contains expressions');
  }
  if (good.length > 0 && errorPrefix === '') {
    throw refusal('ErrorOutputPrefix cannot be null or empty when Prefix contains expressions');
  }
  if (partitioned && !good.some(isKey)) {
    throw refusal('Prefix must contain partition keys when Dynamic Partitioning is enabled');
  }
  if (!partitioned && good.some(isKey)) {
    throw refusal('Prefix cannot contain partition keys when Dynamic Partitioning is disabled');
  }
}

function checkExpression(name: string, value: string): void {
  if (name === 'partitionKeyFromQuery') throw new Unsupported('partition keys from queries (jq) of Firehose');
  if (name === 'timestamp') formatTime(value, 0);
  else if (
    name === 'firehose' ? !['error-output-type', 'random-string'].includes(value) : name !== 'partitionKeyFromLambda'
  ) {
    throw refusal(`The expression !{${name}:${value}} of a prefix is not valid`);
  }
}

function evaluate(text: string, { at, keys, errorType = '' }: PrefixValues): string {
  const found = text.replace(EXPRESSION, (_all, name: string, value: string) => {
    if (name === 'timestamp') return formatTime(value, at);
    if (name === 'partitionKeyFromLambda') return keys[value] ?? '';
    return value === 'random-string' ? randomBytes(6).toString('base64url').slice(0, 11) : errorType;
  });
  return found.slice(0, LONGEST);
}

/** The letters of Java's DateTimeFormatter that make a date and a time in figures, in UTC. */
function formatTime(pattern: string, at: number): string {
  const iso = new Date(at).toISOString();
  const fields: Readonly<Record<string, string>> = {
    yyyy: iso.slice(0, 4),
    MM: iso.slice(5, 7),
    dd: iso.slice(8, 10),
    HH: iso.slice(11, 13),
    mm: iso.slice(14, 16),
    ss: iso.slice(17, 19),
  };
  return pattern.replace(/'([^']*)'|([A-Za-z])\2*/g, (token: string, quoted: string | undefined) => {
    if (quoted !== undefined) return quoted === '' ? "'" : quoted;
    const field = fields[token];
    if (field === undefined) throw new Unsupported(`${token} in a timestamp of a Firehose prefix`);
    return field;
  });
}

const hasExpression = (text: string) => text.search(EXPRESSION) >= 0;
const refusal = (message: string) => new AwsError('InvalidArgumentException', message);
