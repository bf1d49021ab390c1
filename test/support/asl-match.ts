import { isDeepStrictEqual } from 'node:util';

/**
 * Compares an execution with one that was recorded on the real service. The recorder masked what differs from run to
 * run by tokens: `<uuid:1>`, `<resource:2>` … stand for any text, the same token for the same text.
 */
export interface RecordedCase {
  readonly id: string;
  readonly expected: Expected;
  readonly needs: { readonly bindings?: Readonly<Record<string, { readonly kind: string; readonly value?: string }>> };
  readonly masks?: readonly {
    readonly kind: string;
    readonly replacement?: string;
    readonly replace_reference?: string;
  }[];
}

interface Expected {
  readonly status?: string;
  readonly output?: unknown;
  readonly error?: unknown;
  readonly cause?: unknown;
  readonly order?: string;
  readonly output_only?: boolean;
  readonly events?: readonly RecordedEvent[];
}

interface RecordedEvent {
  readonly id: unknown;
  readonly prev: number;
  readonly type: string;
  readonly name?: string | null;
  readonly details?: Record<string, unknown> | null;
}

export interface Actual {
  readonly status: string;
  readonly output: unknown;
  readonly error?: string;
  readonly cause?: string;
  readonly events: readonly Record<string, unknown>[];
}

/** 1: status, output, error. 2: cause. 3: types and names of the events. 4: every detail. */
export type Level = 1 | 2 | 3 | 4;

/** The differences up to a level; none means that the execution conforms. */
export function matchRecorded(recorded: RecordedCase, actual: Actual, level: Level): string[] {
  const match = new Matcher(recorded);
  const { expected } = recorded;
  const failed = expected.status === 'FAILED';
  if (expected.status !== undefined) match.value(expected.status, actual.status, 'status');
  if ('output' in expected) match.value(expected.output, actual.output, 'output');
  if ('error' in expected || failed) match.value(expected.error ?? null, actual.error ?? null, 'error');
  if (level >= 2 && ('cause' in expected || failed)) match.value(expected.cause ?? null, actual.cause ?? null, 'cause');
  if (level >= 3 && expected.events && !expected.output_only) {
    ORDERS[expected.order ?? 'exact']?.(match, expected.events, actual.events.map(slim), level);
  }
  return match.differences;
}

/** The differences between two values, with the case's tokens and masks. */
export function matchValue(recorded: RecordedCase, expected: unknown, actual: unknown): string[] {
  const match = new Matcher(recorded);
  match.value(expected, actual, 'answer');
  return match.differences;
}

type Order = (
  match: Matcher,
  expected: readonly RecordedEvent[],
  actual: readonly RecordedEvent[],
  level: Level,
) => void;

const label = ({ type, name }: RecordedEvent) => (name ? `${type} ${name}` : type);

const ORDERS: Readonly<Record<string, Order>> = {
  exact: (match, expected, actual, level) => {
    const [left, right] = [expected.map(label), actual.map(label)];
    if (!isDeepStrictEqual(left, right)) {
      match.differ('events', left, right);
      return;
    }
    if (level < 4) return;
    for (const [index, event] of expected.entries()) {
      const other = actual[index] as RecordedEvent;
      match.value(event.prev, other.prev, `event ${event.id}.previous`);
      match.value(event.details ?? {}, other.details ?? {}, `event ${event.id}`);
    }
  },
  // Lines of control interleave freely; each event's chain of predecessors does not.
  concurrent: (match, expected, actual) => match.bag(expected.map(chainIn(expected)), actual.map(chainIn(actual))),
  // The recorder sorted the branches, erased their ids and lost the event that ends a Parallel, succeeded or failed: the
  // numbers of the events around it leave the gap.
  'parallel-normalised': (match, expected, actual) => {
    const kept = (events: readonly RecordedEvent[]) =>
      events.filter(({ type }) => !/^ParallelState(Succeeded|Failed)$/.test(type)).map(label);
    match.bag(kept(expected), kept(actual));
  },
  unreliable: () => undefined,
};

function chainIn(events: readonly RecordedEvent[]): (event: RecordedEvent) => string {
  const byId = new Map(events.map((event) => [event.id, event]));
  return (event) => {
    const chain: string[] = [];
    const seen = new Set<unknown>();
    for (let at: RecordedEvent | undefined = event; at && !seen.has(at.id); at = byId.get(at.prev)) {
      seen.add(at.id);
      chain.unshift(`${label(at)} ${at.details?.index ?? ''}`);
    }
    return chain.join(' > ');
  };
}

const NOISE = ['inputDetails', 'outputDetails', 'truncated', 'assignedVariablesDetails', 'name', 'roleArn'];

/** An event of GetExecutionHistory in the recorder's shape. */
function slim(event: Record<string, unknown>): RecordedEvent {
  const details = Object.entries(event).find(([member]) => member.endsWith('EventDetails'))?.[1] as
    | Record<string, unknown>
    | undefined;
  const kept = Object.entries(details ?? {}).filter(([member]) => !NOISE.includes(member));
  return {
    id: event.id,
    prev: Number(event.previousEventId),
    type: String(event.type),
    name: details?.name as string | undefined,
    details: Object.fromEntries(kept),
  };
}

const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/g;
const TOKEN = /<<[A-Za-z][\w-]*>:\d+>|<[A-Za-z][\w:. -]*>/g;
/** One number stands for outer and nested executions alike. */
const LOOSE = /^<(Express|Sync)?(ArnPart|ExecArn|ExecArnPart|MapRunArn)/;
const CONSTANT: Readonly<Record<string, string>> = { '<partition>': 'aws', '<region>': 'us-east-1' };
const MASKS = [
  'timestamp',
  'datetime',
  'RequestId',
  'x-amzn-RequestId',
  'X-Amzn-Trace-Id',
  'x-amz-crc32',
  'snf_role_arn',
  'sfn_role_arn',
];
const OPTIONAL = ['SdkHttpMetadata', 'SdkResponseMetadata', 'ResponseMetadata'];

class Matcher {
  readonly differences: string[] = [];
  readonly #known = new Map<string, string>();
  readonly #masks: Set<string>;

  constructor({ needs, masks = [] }: RecordedCase) {
    for (const [token, { kind, value }] of Object.entries(needs.bindings ?? {})) {
      if (kind === 'value' && value !== undefined) this.#known.set(token, withConstants(value));
    }
    const whole = masks.filter(({ kind, replace_reference }) => replace_reference === 'False' && kind !== 'regex');
    this.#masks = new Set([...MASKS, ...whole.map(({ replacement = '' }) => replacement)]);
  }

  differ(path: string, expected: unknown, actual: unknown): void {
    this.differences.push(`${path}: expected ${brief(expected)}, got ${brief(actual)}`);
  }

  bag(expected: readonly string[], actual: readonly string[]): void {
    const left = [...expected].sort();
    const right = [...actual].sort();
    if (isDeepStrictEqual(left, right)) return;
    this.differ(
      'events',
      left.filter((entry) => !right.includes(entry)),
      right.filter((entry) => !left.includes(entry)),
    );
  }

  value(expected: unknown, actual: unknown, path: string): void {
    if (typeof expected === 'string' && this.#masks.has(expected)) return;
    const [left, right] = parsedAlike(expected, actual);
    if (typeof left === 'string' && typeof right === 'string') this.#text(left, right, path);
    else if (Array.isArray(left) && Array.isArray(right) && left.length === right.length) {
      for (const [index, member] of left.entries()) this.value(member, right[index], `${path}[${index}]`);
    } else if (isRecord(left) && isRecord(right)) this.#members(left, right, path);
    else if (!isDeepStrictEqual(left, right)) this.differ(path, left, right);
  }

  #members(expected: Record<string, unknown>, actual: Record<string, unknown>, path: string): void {
    for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
      if (OPTIONAL.includes(name)) continue;
      if (name in expected && name in actual) this.value(expected[name], actual[name], `${path}.${name}`);
      else this.differ(`${path}.${name}`, expected[name], actual[name]);
    }
  }

  #text(expected: string, actual: string, path: string): void {
    const [left, right] = [expected.replace(TIME, 'date'), actual.replace(TIME, 'date')];
    if (left === right || this.#known.get(expected) === actual) return;
    const groups: string[] = [];
    let pattern = '';
    let end = 0;
    for (const found of left.matchAll(TOKEN)) {
      pattern += literally(left.slice(end, found.index)) + this.#patternOf(found[0], groups);
      end = found.index + found[0].length;
    }
    const match = new RegExp(`^${pattern}${literally(left.slice(end))}$`, 's').exec(right);
    if (match) {
      for (const [index, token] of groups.entries()) this.#known.set(token, match[index + 1] ?? '');
      return;
    }
    let substituted = left;
    for (const [token, value] of this.#known) substituted = substituted.replaceAll(token, value);
    if (substituted !== right) this.differ(path, expected, actual);
  }

  #patternOf(token: string, groups: string[]): string {
    if (LOOSE.test(token)) return '.+?';
    const value = CONSTANT[token] ?? this.#known.get(token);
    if (value !== undefined) return literally(value.replace(TIME, 'date'));
    const known = groups.indexOf(token);
    if (known >= 0) return `\\${known + 1}`;
    groups.push(token);
    return '(.+?)';
  }
}

/** The recorder parsed text that is a JSON object; other JSON it left as text. */
function parsedAlike(expected: unknown, actual: unknown): [unknown, unknown] {
  if (typeof expected === 'string' && typeof actual === 'string') {
    const both = [parsed(expected), parsed(actual)];
    return both[0] !== undefined && isDeepStrictEqual(both[0], both[1]) ? [both[0], both[1]] : [expected, actual];
  }
  if (typeof actual === 'string' && expected !== null && typeof expected === 'object')
    return [expected, parsed(actual) ?? actual];
  if (typeof expected === 'string') return [parsed(expected) ?? expected, actual];
  return [expected, actual];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const withConstants = (text: string) => text.replace(TOKEN, (token) => CONSTANT[token] ?? token);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const literally = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const brief = (value: unknown) => (JSON.stringify(value) ?? 'nothing').slice(0, 300);
