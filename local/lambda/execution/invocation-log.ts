import type { LambdaState, VersionRecord } from '../state.ts';

/** Host time between two deliveries while an invocation runs. */
const FLUSH_MS = 250;
const TAIL_BYTES = 4096;

/** The lines of one invocation on their way to CloudWatch Logs, with the platform's own around them. */
export class InvocationLog {
  readonly #state: LambdaState;
  readonly #version: VersionRecord;
  readonly #logStream: string;
  readonly #lines: string[] = [];
  #pending: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #allowed: boolean | undefined;

  constructor(state: LambdaState, version: VersionRecord, logStream: string) {
    this.#state = state;
    this.#version = version;
    this.#logStream = logStream;
  }

  get #json() {
    return this.#version.configuration.LoggingConfig.LogFormat === 'JSON';
  }

  write(line: string): void {
    this.#lines.push(line);
    this.#pending.push(line);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** https://docs.aws.amazon.com/lambda/latest/dg/nodejs-logging.html */
  start(requestId: string): void {
    const { version } = this.#version;
    this.#platform('platform.start', { requestId, version }, [`START RequestId: ${requestId} Version: ${version}`]);
  }

  timedOut(requestId: string, seconds: string): void {
    if (!this.#json) this.write(`${this.#time()} ${requestId} Task timed out after ${seconds} seconds`);
  }

  died(requestId: string, errorType: string, detail: string): void {
    if (!this.#json) this.write(`RequestId: ${requestId} Error: ${detail}\n${errorType}`);
  }

  end(
    requestId: string,
    report: { status: string; errorType?: string; durationMs: number; initMs?: number; peakMemoryMB: number },
  ): void {
    const { durationMs, initMs, peakMemoryMB, status, errorType } = report;
    const billed = Math.ceil(durationMs + (initMs ?? 0));
    const memory = this.#version.configuration.MemorySize;
    const metrics = {
      durationMs,
      billedDurationMs: billed,
      memorySizeMB: memory,
      maxMemoryUsedMB: peakMemoryMB,
      ...(initMs ? { initDurationMs: initMs } : {}),
    };
    this.#platform('platform.report', { requestId, metrics, status, ...(errorType ? { errorType } : {}) }, [
      `END RequestId: ${requestId}`,
      [
        `REPORT RequestId: ${requestId}`,
        `Duration: ${durationMs.toFixed(2)} ms`,
        `Billed Duration: ${billed} ms`,
        `Memory Size: ${memory} MB`,
        `Max Memory Used: ${peakMemoryMB} MB`,
        ...(initMs ? [`Init Duration: ${initMs.toFixed(2)} ms`] : []),
        ...(status === 'success' ? [] : [`Status: ${status}`]),
        ...(errorType ? [`Error Type: ${errorType}`] : []),
      ].join('\t'),
    ]);
    this.flush();
  }

  /** The end of the log, as `LogType: Tail` gives it. */
  tail(): Buffer {
    return Buffer.from(`${this.#lines.join('\n')}\n`).subarray(-TAIL_BYTES);
  }

  /** Delivers what is pending, if the role may write it: without the permission a function runs and has no log. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const lines = this.#pending;
    this.#pending = [];
    if (lines.length === 0) return;
    this.#allowed ??= this.#isAllowed();
    const { LogGroup } = this.#version.configuration.LoggingConfig;
    if (this.#allowed) this.#state.context.putLogEvents(LogGroup, this.#logStream, lines);
  }

  #isAllowed(): boolean {
    const { context } = this.#state;
    const { Role, LoggingConfig } = this.#version.configuration;
    const group = `arn:${context.partition}:logs:${context.region}:${context.account}:log-group:${LoggingConfig.LogGroup}:log-stream:`;
    try {
      context.authorize(context.rolePrincipal(Role, this.#version.name), [
        { action: 'logs:CreateLogStream', resource: group },
        { action: 'logs:PutLogEvents', resource: `${group}${this.#logStream}` },
      ]);
      return true;
    } catch {
      // The denied call is in the IAM report.
      return false;
    }
  }

  #platform(type: string, record: object, text: readonly string[]): void {
    if (this.#json) this.write(JSON.stringify({ time: this.#time(), type, record }));
    else for (const line of text) this.write(line);
  }

  #time(): string {
    return new Date(this.#state.context.clock.now()).toISOString();
  }
}
