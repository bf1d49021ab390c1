import { Worker } from 'node:worker_threads';
import type { Json, JsonObject } from '../json.ts';
import { LIMIT_MESSAGES, LIMITS, type Limits } from './limits.ts';
import type { EvaluationReply, EvaluationRequest, Outcome } from './protocol.ts';

/** What the expressions of one field see. */
export interface Bindings {
  readonly states: JsonObject;
  readonly variables: Readonly<Record<string, Json>>;
  /** The cloud's time, ms: what `$now()` and `$millis()` see. */
  readonly now: number;
}

/** Evaluates JSONata in a thread of its own, one request at a time, so that a runaway expression can be stopped and blamed. */
export class Evaluator {
  readonly #limits: Limits;
  #thread: Worker | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #id = 0;

  constructor(limits: Limits = LIMITS) {
    this.#limits = limits;
  }

  /** The outcome of each expression, up to and including the first that gives no value. */
  evaluate(expressions: readonly string[], { states, variables, now }: Bindings): Promise<readonly Outcome[]> {
    const request: EvaluationRequest = {
      id: ++this.#id,
      now,
      bindings: JSON.stringify({ ...variables, states }),
      expressions,
    };
    const answer = this.#queue.then(() => this.#ask(request));
    this.#queue = answer;
    return answer;
  }

  async stop(): Promise<void> {
    await this.#thread?.terminate();
    this.#thread = undefined;
  }

  #ask(request: EvaluationRequest): Promise<readonly Outcome[]> {
    this.#thread ??= startThread(this.#limits);
    const thread = this.#thread;
    return new Promise((resolve) => {
      const settle = (outcomes: readonly Outcome[]) => {
        clearTimeout(watchdog);
        thread.off('message', onMessage).off('error', onError);
        resolve(outcomes);
      };
      const giveUp = (message: string) => {
        this.#thread = undefined;
        void thread.terminate();
        settle([{ kind: 'error', message }]);
      };
      const onMessage = (reply: EvaluationReply) => {
        if (reply.id === request.id) settle(reply.outcomes);
      };
      const onError = () => giveUp(LIMIT_MESSAGES.memory);
      const allowance = this.#limits.threadMilliseconds * Math.max(1, request.expressions.length);
      const watchdog = setTimeout(() => giveUp(LIMIT_MESSAGES.time), allowance);
      thread.on('message', onMessage).on('error', onError);
      thread.postMessage(request);
    });
  }
}

function startThread(limits: Limits): Worker {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: limits.heapMegabytes },
    workerData: limits,
    execArgv: [],
    env: {},
  });
  thread.unref();
  return thread;
}
