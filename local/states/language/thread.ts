import { parentPort, workerData } from 'node:worker_threads';
import jsonata, { type Expression } from 'jsonata';
import { bindServiceFunctions } from './functions.ts';
import { LIMIT_MESSAGES, type Limits } from './limits.ts';
import type { EvaluationReply, EvaluationRequest, Outcome } from './protocol.ts';

/** The thread that evaluates: whatever an expression does to time, stack or memory, it does here. */

/** JSONata calls these around every step; see the project's `timeboxExpression` example. */
const ENTRY = Symbol.for('jsonata.__evaluate_entry') as unknown as string;
const EXIT = Symbol.for('jsonata.__evaluate_exit') as unknown as string;
const CACHE_SIZE = 500;
const LIMITS = workerData as Limits;

class LimitExceeded extends Error {}

interface Step {
  isParallelCall?: boolean;
}

let cloudNow = 0;
let startedAt = 0;
let depth = 0;
const compiled = new Map<string, Expression>();

/** JSONata asks the host's clock; in this thread that is the cloud's. */
globalThis.Date = class extends Date {
  constructor(...args: unknown[]) {
    super(...((args.length === 0 ? [cloudNow] : args) as [number]));
  }
  static override now() {
    return cloudNow;
  }
} as DateConstructor;

parentPort?.on('message', async (request: EvaluationRequest) => {
  cloudNow = request.now;
  const bindings = JSON.parse(request.bindings) as Record<string, unknown>;
  const outcomes: Outcome[] = [];
  for (const source of request.expressions) {
    const outcome = await evaluate(source, bindings);
    outcomes.push(outcome);
    if (outcome.kind !== 'value') break;
  }
  parentPort?.postMessage({ id: request.id, outcomes } satisfies EvaluationReply);
});

async function evaluate(source: string, bindings: Record<string, unknown>): Promise<Outcome> {
  startedAt = performance.now();
  depth = 0;
  try {
    return outcomeOf(await compile(source).evaluate(undefined, bindings));
  } catch (error) {
    return failureOf(error);
  }
}

function compile(source: string): Expression {
  const known = compiled.get(source);
  if (known) return known;
  const expression = jsonata(source);
  bindServiceFunctions(expression);
  expression.assign(ENTRY, enter);
  expression.assign(EXIT, leave);
  if (compiled.size >= CACHE_SIZE) compiled.clear();
  compiled.set(source, expression);
  return expression;
}

function enter(_expression: unknown, _input: unknown, step: Step): void {
  if (step.isParallelCall) return;
  depth++;
  if (depth > LIMITS.depth) throw new LimitExceeded(LIMIT_MESSAGES.depth);
  if (performance.now() - startedAt > LIMITS.milliseconds) throw new LimitExceeded(LIMIT_MESSAGES.time);
}

function leave(_expression: unknown, _input: unknown, step: Step, result: unknown): void {
  if (!step.isParallelCall) depth--;
  const tooLong =
    (typeof result === 'string' && result.length > LIMITS.stringLength) ||
    (Array.isArray(result) && result.length > LIMITS.arrayLength);
  if (tooLong) throw new LimitExceeded(LIMIT_MESSAGES.memory);
}

function outcomeOf(value: unknown): Outcome {
  if (value === undefined) return { kind: 'nothing' };
  if (isFunction(value)) return { kind: 'unsupported' };
  // The service answers the text "Infinity" where arithmetic leaves the numbers of JSON.
  const json = JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'number' && !Number.isFinite(member)) return String(member);
    return isFunction(member) ? undefined : member;
  });
  return json === undefined ? { kind: 'unsupported' } : { kind: 'value', json };
}

function isFunction(value: unknown): boolean {
  if (typeof value === 'function') return true;
  const marks = value as { _jsonata_lambda?: boolean; _jsonata_function?: boolean } | null;
  return typeof marks === 'object' && (marks?._jsonata_lambda === true || marks?._jsonata_function === true);
}

function failureOf(error: unknown): Outcome {
  const { code, message } = error as { code?: string; message?: string };
  if (error instanceof RangeError) return { kind: 'error', message: LIMIT_MESSAGES.depth };
  const known = typeof code === 'string' && /^[A-Z]\d{4}$/.test(code) ? { code } : {};
  return { kind: 'error', ...known, message: message ?? String(error) };
}
