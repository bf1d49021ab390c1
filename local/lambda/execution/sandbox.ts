import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import type { BootstrapOptions, ErrorDocument, InvokeMessage, RuntimeMessage } from '../bootstrap/protocol.ts';
import { watchMemory } from './memory.ts';
import { OutputLines } from './output.ts';
import { guardGroup, killGroup } from './processes.ts';

export interface SandboxOptions {
  readonly bootstrap: string;
  readonly runtime: BootstrapOptions;
  readonly variables: Readonly<Record<string, string>>;
  readonly codeFolder: string;
  readonly temporaryFolder: string;
  readonly memoryMB: number;
  readonly logStream: string;
  onLine(line: string): void;
}

export type Outcome =
  | { readonly kind: 'response'; readonly payload: string }
  | { readonly kind: 'error'; readonly error: ErrorDocument }
  /** The sandbox is gone: it was killed, or it ended by itself. */
  | { readonly kind: 'died'; readonly reason: 'timeout' | 'memory' | 'exit'; readonly detail: string };

/** How the process ended, in the words that Lambda puts behind "Error: ". */
function exitDetail(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGKILL') return 'Runtime exited with error: signal: killed';
  if (signal)
    return `Runtime exited with error: signal: ${signal === 'SIGABRT' ? 'aborted' : signal.slice(3).toLowerCase()}`;
  return code === 0 ? 'Runtime exited without providing a reason' : `Runtime exited with error: exit status ${code}`;
}

/** One execution environment: a process with one version's code loaded, running one invocation at a time. */
export class Sandbox {
  readonly logStream: string;
  /** Takes the lines that the process writes; replaced at each invocation. */
  onLine: (line: string) => void;
  initMs = 0;
  /** The most memory that it used so far, in MB. */
  peakMemoryMB = 0;
  readonly #options: SandboxOptions;
  readonly #process: ChildProcess;
  readonly #stdout: OutputLines;
  readonly #stderr: OutputLines;
  readonly #exit: Promise<Outcome>;
  #killedFor: 'timeout' | 'memory' | undefined;
  #onMessage: (message: RuntimeMessage) => void = () => undefined;
  alive = true;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.logStream = options.logStream;
    this.onLine = options.onLine;
    // V8's own limit leaves the rest of the process a tenth, as Lambda's runtime does.
    const heapMB = Math.floor(options.memoryMB * 0.9);
    this.#process = spawn(
      process.execPath,
      [`--max-old-space-size=${heapMB}`, options.bootstrap, JSON.stringify(options.runtime)],
      { cwd: options.codeFolder, env: options.variables, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], detached: true },
    );
    const { pid, stdout, stderr } = this.#process;
    const take = (line: string) => {
      // V8 ran into its limit before the watch saw it: the same end for whoever called.
      if (line.includes('JavaScript heap out of memory')) this.#killedFor ??= 'memory';
      this.onLine(line);
    };
    if (!stdout || !stderr) throw new Error('A process without pipes');
    this.#stdout = new OutputLines(stdout, take);
    this.#stderr = new OutputLines(stderr, take);
    if (pid !== undefined) guardGroup(pid);
    this.#process.on('message', (message) => this.#onMessage(message as RuntimeMessage));
    this.#exit = new Promise((resolve) => {
      this.#process.once('error', (error) => resolve(this.#buried(`Runtime failed to start: ${error.message}`)));
      this.#process.once('close', (code, signal) => resolve(this.#buried(exitDetail(code, signal))));
      // A process that the function left behind holds the pipes open.
      this.#process.once('exit', () => pid !== undefined && killGroup(pid));
    });
  }

  /** Waits until the handler is loaded, `limitMs` at most. */
  async init(limitMs: number): Promise<Outcome | undefined> {
    const start = performance.now();
    const outcome = await this.#race(limitMs, (message) => {
      if (message.kind === 'ready') return { kind: 'response', payload: '' };
      return message.kind === 'init-error' ? { kind: 'error', error: message.error } : undefined;
    });
    this.initMs = performance.now() - start;
    return outcome.kind === 'response' ? undefined : outcome;
  }

  async invoke(message: InvokeMessage, limitMs: number): Promise<Outcome> {
    const answered = this.#race(limitMs, (answer) => {
      if (!('requestId' in answer) || answer.requestId !== message.requestId) return undefined;
      if (answer.kind === 'response') return { kind: 'response', payload: answer.payload };
      return answer.kind === 'error' ? { kind: 'error', error: answer.error } : undefined;
    });
    this.#process.send(message, () => undefined);
    const outcome = await answered;
    if (outcome.kind === 'response' || outcome.kind === 'error') {
      await Promise.all([this.#stdout.ended(message.requestId), this.#stderr.ended(message.requestId)]);
    }
    return outcome;
  }

  /** Ends the process and everything that it started; resolves when it is gone. */
  async kill(): Promise<void> {
    this.alive = false;
    if (this.#process.pid !== undefined) killGroup(this.#process.pid);
    await this.#exit;
  }

  async #race(limitMs: number, answer: (message: RuntimeMessage) => Outcome | undefined): Promise<Outcome> {
    const { pid = 0 } = this.#process;
    const unwatch = watchMemory(pid, (megabytes) => {
      this.peakMemoryMB = Math.max(this.peakMemoryMB, Math.min(megabytes, this.#options.memoryMB));
      if (megabytes > this.#options.memoryMB) this.#end('memory');
    });
    const answered = new Promise<Outcome>((resolve) => {
      this.#onMessage = (message) => {
        const outcome = answer(message);
        if (outcome) resolve(outcome);
      };
    });
    const timer = setTimeout(() => this.#end('timeout'), Math.max(0, limitMs));
    try {
      return await Promise.race([answered, this.#exit]);
    } finally {
      clearTimeout(timer);
      unwatch();
      this.#onMessage = () => undefined;
    }
  }

  #end(reason: 'timeout' | 'memory'): void {
    this.#killedFor ??= reason;
    this.alive = false;
    if (this.#process.pid !== undefined) killGroup(this.#process.pid);
  }

  #buried(detail: string): Outcome {
    this.alive = false;
    void rm(this.#options.temporaryFolder, { recursive: true, force: true });
    const reason = this.#killedFor ?? 'exit';
    return { kind: 'died', reason, detail: reason === 'memory' ? 'Runtime exited with error: signal: killed' : detail };
  }
}
