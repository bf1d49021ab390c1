import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Clock, createClock } from '../../local/kernel/clock.ts';
import { Kernel } from '../../local/kernel/cloud.ts';
import type { CloudContext, Document } from '../../local/kernel/service.ts';
import { diskStore, memoryStore, type Store } from '../../local/kernel/store.ts';
import type { ServiceCall, TaskPort } from '../../local/states/integrations/runner.ts';
import { Evaluator } from '../../local/states/language/evaluator.ts';
import { statesService } from '../../local/states/service.ts';

export const ACCOUNT = '111111111111';
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/machine`;

/** One thread for every cloud of a test file: it keeps nothing from one evaluation to the next. */
const evaluator = new Evaluator();

export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: Document;
}

/** Answers one task's call; `clock` lets it take the cloud's time. */
export type Answer = (call: ServiceCall, clock: Clock) => Document | Promise<Document>;

export interface StatesCloudOptions {
  readonly answer?: Answer;
  /** Keeps the state there. @default in memory */
  readonly folder?: string;
  readonly clock?: Clock;
  readonly authorize?: CloudContext['authorize'];
}

/** Step Functions on a clock that skips, with the services behind its tasks answered by the test. */
export interface StatesCloud {
  readonly clock: Clock;
  readonly calls: ServiceCall[];
  readonly events: ServiceEvent[];
  readonly metrics: string[];
  readonly logs: { readonly group: string; readonly message: Document }[];
  readonly context: CloudContext;
  call(action: string, input: Document): Promise<Document>;
  /** Creates a machine, runs it to its end and gives its description and history. */
  run(definition: unknown, input?: unknown, options?: Document & { executionName?: string }): Promise<Finished>;
  history(executionArn: string): Promise<Document[]>;
  /** Takes up what was in progress, as the cloud does after a restart. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

export interface Finished {
  readonly executionArn: string;
  readonly status: string;
  readonly output: unknown;
  readonly error: string | undefined;
  readonly cause: string | undefined;
  readonly events: Document[];
}

export function statesCloud(options: StatesCloudOptions = {}): StatesCloud {
  const scratch = options.folder ?? mkdtempSync(join(tmpdir(), 'states-'));
  const store: Store = options.folder ? diskStore(scratch) : memoryStore(scratch);
  const clock = options.clock ?? createClock({ mode: 'skip', startAt: Date.parse('2030-01-01T00:00:00Z') });
  const calls: ServiceCall[] = [];
  const events: ServiceEvent[] = [];
  const metrics: string[] = [];
  const logs: { group: string; message: Document }[] = [];
  let counter = 0;

  const port = (context: CloudContext): TaskPort => ({
    invoke: async (call) => {
      calls.push(call);
      if (call.service === 'states') {
        return clock.run('nested', (work) => context.call({ kind: 'cloud' }, 'states', call.action, call.input, work));
      }
      if (!options.answer) throw new Error(`The test has no answer for ${call.service}:${call.action}`);
      return options.answer(call, clock);
    },
  });
  const sinks = {
    putServiceEvent: (event: ServiceEvent) => void events.push(event),
    putServiceMetric: ({ name }: { name: string }) => void metrics.push(name),
    putLogEvents: (group: string, _stream: string, lines: readonly string[]) =>
      void logs.push(...lines.map((line) => ({ group, message: JSON.parse(line) as Document }))),
  };
  const kernel = new Kernel({
    clock,
    store,
    account: ACCOUNT,
    authorize: options.authorize,
    services: [
      (context) => statesService(context, { port: port(context), evaluator }),
      () => ({ name: 'sinks', operations: {}, sinks }),
    ],
    log: (message, fields) => console.error(message, fields),
  });
  const { context } = kernel;
  const call = (action: string, input: Document) =>
    clock.run(`test ${action}`, (work) =>
      context.call({ kind: 'operator', arn: `arn:aws:iam::${ACCOUNT}:user/test` }, 'states', action, input, work),
    );
  const history = async (executionArn: string) => {
    const found: Document[] = [];
    let nextToken: unknown;
    do {
      const page = await call('GetExecutionHistory', {
        executionArn,
        maxResults: 1000,
        ...(nextToken ? { nextToken } : {}),
      });
      found.push(...(page.events as Document[]));
      nextToken = page.nextToken;
    } while (nextToken);
    return found;
  };

  return {
    clock,
    calls,
    events,
    metrics,
    logs,
    context,
    call,
    history,
    async run(definition, input = {}, { executionName, ...extra } = {}) {
      const text = typeof definition === 'string' ? definition : JSON.stringify(definition);
      const { stateMachineArn } = await call('CreateStateMachine', {
        name: `machine-${++counter}`,
        definition: text,
        roleArn: ROLE,
        ...extra,
      });
      const { executionArn } = await call('StartExecution', {
        stateMachineArn,
        name: executionName,
        input: JSON.stringify(input),
      });
      await clock.idle();
      return finished(await call('DescribeExecution', { executionArn }), await history(String(executionArn)));
    },
    async resume() {
      for (const service of kernel.services.values()) await service.resume?.();
    },
    async stop() {
      await kernel.stop();
      if (!options.folder) rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function finished(description: Document, events: Document[]): Finished {
  const { executionArn, status, output, error, cause } = description;
  return {
    executionArn: String(executionArn),
    status: String(status),
    output: output === undefined ? undefined : JSON.parse(String(output)),
    error: error as string | undefined,
    cause: cause as string | undefined,
    events,
  };
}
