import { randomBytes } from 'node:crypto';
import type { ErrorDocument } from '../bootstrap/protocol.ts';
import { lambdaError } from '../errors.ts';
import type { AliasRecord, LambdaState, VersionRecord } from '../state.ts';
import { InvocationLog } from './invocation-log.ts';
import { countInvocation, countThrottle } from './invocation-metrics.ts';
import type { Outcome, Sandbox } from './sandbox.ts';
import type { SandboxPool } from './sandbox-pool.ts';

export interface Invocation {
  readonly name: string;
  readonly qualifier?: string;
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  readonly clientContext?: unknown;
}

export interface InvocationResult {
  readonly payload: string;
  readonly functionError?: 'Unhandled';
  readonly executedVersion: string;
  readonly logTail: Buffer;
}

interface Run {
  readonly outcome: Outcome;
  readonly log: InvocationLog;
  readonly durationMs: number;
}

const INIT_LIMIT_MS = 10_000;
/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
export const SYNC_PAYLOAD_LIMIT = 6_291_456;
/** Lambda lets a response be a little longer than a request. */
const RESPONSE_LIMIT = 6_291_556;
const ACCOUNT_CONCURRENCY = 1000;

/** Runs functions: picks the version, finds or starts a sandbox, keeps within limits, and turns what happened into an answer. */
export class Invoker {
  readonly #state: LambdaState;
  readonly #pool: SandboxPool;
  readonly #random: (name: string) => number;
  readonly #running = new Map<string, number>();

  constructor(state: LambdaState, pool: SandboxPool, random: (name: string) => number) {
    this.#state = state;
    this.#pool = pool;
    this.#random = random;
  }

  async invoke(invocation: Invocation): Promise<InvocationResult> {
    const { name, qualifier } = invocation;
    const resolved = this.#state.resolve(name, qualifier);
    const version = resolved.alias ? this.#choose(resolved.alias) : resolved.version;
    const measured = { name, qualifier, executedVersion: version.version, alias: resolved.alias !== undefined };
    this.#enter(name, () => countThrottle(this.#state.context, measured));
    try {
      const { outcome, log, durationMs } = await this.#run(version, invocation);
      const result = resultOf(outcome, version, invocation.requestId);
      countInvocation(this.#state.context, measured, durationMs, result.functionError !== undefined);
      return { ...result, executedVersion: version.version, logTail: log.tail() };
    } finally {
      this.#running.set(name, (this.#running.get(name) ?? 1) - 1);
    }
  }

  #choose(alias: AliasRecord): VersionRecord {
    let share = this.#random(this.#state.arn(alias.functionName, alias.name));
    for (const [version, weight] of Object.entries(alias.weights)) {
      if (share < weight) return this.#state.version(alias.functionName, version);
      share -= weight;
    }
    return this.#state.version(alias.functionName, alias.version);
  }

  #enter(name: string, onThrottle: () => void): void {
    const { reservedConcurrency } = this.#state.function(name);
    const running = this.#running.get(name) ?? 0;
    const all = [...this.#running.values()].reduce((sum, count) => sum + count, 0);
    const full = reservedConcurrency === undefined ? all >= ACCOUNT_CONCURRENCY : running >= reservedConcurrency;
    if (full) {
      onThrottle();
      const reserved = reservedConcurrency !== undefined;
      throw lambdaError.throttled(
        reserved ? 'ReservedFunctionConcurrentInvocationLimitExceeded' : 'ConcurrentInvocationLimitExceeded',
      );
    }
    this.#running.set(name, running + 1);
  }

  async #run(version: VersionRecord, invocation: Invocation): Promise<Run> {
    const { requestId, name, qualifier } = invocation;
    const timeoutMs = version.configuration.Timeout * 1000;
    const early: string[] = [];
    const warm = this.#pool.takeWarm(version);
    let sandbox = warm ?? this.#pool.start(version, (line) => early.push(line));
    let start = performance.now();
    let failed = warm ? undefined : await sandbox.init(INIT_LIMIT_MS);
    if (failed?.kind === 'died' && failed.reason === 'timeout') {
      // Too slow: Lambda starts over, and this time the function's own timeout counts.
      await this.#pool.discard(sandbox);
      sandbox = this.#pool.start(version, (line) => early.push(line));
      start = performance.now();
      failed = await sandbox.init(timeoutMs);
    } else if (!failed) start = performance.now();

    const log = new InvocationLog(this.#state, version, sandbox.logStream);
    for (const line of early) log.write(line);
    log.start(requestId);
    sandbox.onLine = (line) => log.write(line);
    const { context } = this.#state;
    const outcome =
      failed ??
      (await sandbox.invoke(
        {
          requestId,
          payload: invocation.payload,
          invokedFunctionArn: this.#state.arn(name, qualifier),
          timeoutMs,
          clockOffset: context.clock.offset(),
          traceId: traceId(context.clock.now(), version.configuration.Tracing === 'Active'),
          clientContext: invocation.clientContext,
        },
        timeoutMs - (performance.now() - start),
      ));
    const durationMs = performance.now() - start;
    this.#report(log, outcome, { requestId, version, sandbox, durationMs, cold: !warm });
    if (failed) void this.#pool.discard(sandbox);
    else this.#pool.giveBack(version, sandbox);
    return { outcome, log, durationMs };
  }

  #report(
    log: InvocationLog,
    outcome: Outcome,
    {
      requestId,
      version,
      sandbox,
      durationMs,
      cold,
    }: { requestId: string; version: VersionRecord; sandbox: Sandbox; durationMs: number; cold: boolean },
  ): void {
    const timedOut = outcome.kind === 'died' && outcome.reason === 'timeout';
    const error = outcome.kind === 'died' ? deathOf(outcome, version, requestId) : undefined;
    if (timedOut) log.timedOut(requestId, version.configuration.Timeout.toFixed(2));
    else if (outcome.kind === 'died') log.died(requestId, error?.errorType ?? '', outcome.detail);
    log.end(requestId, {
      status: timedOut ? 'timeout' : outcome.kind === 'died' ? 'error' : 'success',
      ...(error && !timedOut ? { errorType: error.errorType } : {}),
      durationMs: timedOut ? version.configuration.Timeout * 1000 : durationMs,
      ...(cold ? { initMs: sandbox.initMs } : {}),
      peakMemoryMB: sandbox.peakMemoryMB,
    });
  }
}

function resultOf(
  outcome: Outcome,
  version: VersionRecord,
  requestId: string,
): { payload: string; functionError?: 'Unhandled' } {
  if (outcome.kind === 'response') {
    if (Buffer.byteLength(outcome.payload) <= RESPONSE_LIMIT) return { payload: outcome.payload };
    return failure({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_LIMIT} bytes).`,
    });
  }
  return failure(outcome.kind === 'error' ? outcome.error : deathOf(outcome, version, requestId));
}

/** How Lambda names the end of a sandbox. */
function deathOf(
  { reason, detail }: Outcome & { kind: 'died' },
  version: VersionRecord,
  requestId: string,
): ErrorDocument {
  if (reason === 'timeout') {
    const seconds = version.configuration.Timeout.toFixed(2);
    return {
      errorType: 'Sandbox.Timedout',
      errorMessage: `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
    };
  }
  const errorType = reason === 'memory' ? 'Runtime.OutOfMemory' : 'Runtime.ExitError';
  return { errorType, errorMessage: `RequestId: ${requestId} Error: ${detail}` };
}

const failure = (error: ErrorDocument) => ({ payload: JSON.stringify(error), functionError: 'Unhandled' as const });

/** https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader */
function traceId(now: number, sampled: boolean): string {
  const root = `1-${Math.floor(now / 1000)
    .toString(16)
    .padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
  return `Root=${root};Parent=${randomBytes(8).toString('hex')};Sampled=${sampled ? 1 : 0}`;
}
