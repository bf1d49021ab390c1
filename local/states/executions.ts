import type { Timer, Work } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import type { Collection } from '../kernel/store.ts';
import type { Announcements } from './announcements.ts';
import type { Definition, StatesContainer } from './definition/model.ts';
import type { TaskPort, TaskRunner } from './integrations/runner.ts';
import type { DistributedRuns } from './interpreter/distributed-map.ts';
import { Aborted, StateFailure } from './interpreter/failure.ts';
import { History, type HistoryEvent, outputDetails } from './interpreter/history.ts';
import type { Frame, Journal, Run } from './interpreter/run.ts';
import { runStates } from './interpreter/states.ts';
import { Variables } from './interpreter/variables.ts';
import type { Json, JsonObject } from './json.ts';
import type { Evaluator } from './language/evaluator.ts';
import { MapRuns } from './map-runs.ts';
import type { ExecutionRecord, MapRunRecord, PositionRecord } from './records.ts';
import type { TokenBook } from './tokens.ts';

export interface ExecutionsOptions {
  readonly context: CloudContext;
  readonly evaluator: Evaluator;
  readonly port: TaskPort;
  readonly tokens: TokenBook;
  readonly announcements: Announcements;
}

/** What an execution came to. */
type Ending = Pick<ExecutionRecord, 'status' | 'output' | 'error' | 'cause'>;

interface Live {
  readonly history: History;
  readonly controller: AbortController;
  timeout?: Timer;
}

/** Runs executions, keeps their records and histories, and takes them up again after a restart. */
export class Executions {
  readonly records: Collection<ExecutionRecord>;
  readonly mapRuns: Collection<MapRunRecord>;
  readonly #options: ExecutionsOptions;
  readonly #events: Collection<HistoryEvent>;
  readonly #positions: Collection<PositionRecord>;
  readonly #live = new Map<string, Live>();
  readonly #waiting = new Map<string, (() => void)[]>();
  readonly #distributed: DistributedRuns;

  constructor(options: ExecutionsOptions) {
    const { store } = options.context;
    this.#options = options;
    this.records = store.collection('states.executions');
    this.mapRuns = store.collection('states.mapRuns');
    this.#events = store.collection('states.history');
    this.#positions = store.collection('states.positions');
    this.#distributed = new MapRuns(options.context, this);
  }

  /** Starts an execution; its first events are written before this returns. */
  start(record: ExecutionRecord): void {
    this.records.set(record.executionArn, record);
    this.#options.announcements.statusChanged(record);
    this.#options.announcements.traceStarted(record);
    this.#launch(record);
  }

  /** Resolves when the execution runs no more. */
  ended(executionArn: string): Promise<void> {
    if (this.records.get(executionArn)?.status !== 'RUNNING') return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.set(executionArn, [...(this.#waiting.get(executionArn) ?? []), resolve]);
    });
  }

  /** Ends a running execution from outside, with the event of `type`. */
  terminate(executionArn: string, type: string, ending: Ending, details: JsonObject): void {
    const record = this.records.get(executionArn);
    const live = this.#live.get(executionArn);
    if (record?.status !== 'RUNNING' || !live) return;
    if (!live.history.close(type, 0, details)) return;
    live.controller.abort(new Aborted());
    this.#settle(record, ending);
  }

  /** The history in order. */
  *history(executionArn: string): Generator<HistoryEvent> {
    for (let id = 1; ; id++) {
      const event = this.#events.get(eventKey(executionArn, id));
      if (!event) return;
      yield event;
    }
  }

  /** Runs a failed execution again from the top-level state where it stood. */
  redrive(record: ExecutionRecord): void {
    const { output: _output, error: _error, cause: _cause, stopDate: _stopDate, ...rest } = record;
    const redriveDate = this.#options.context.clock.now();
    const redriven = { ...rest, status: 'RUNNING' as const, redriveCount: record.redriveCount + 1, redriveDate };
    const position = this.#positions.get(record.executionArn);
    if (position) this.#positions.set(record.executionArn, { ...position, memory: {} });
    this.start(redriven);
  }

  /** Takes up what ran when the cloud stopped, at the top-level state where it stood. */
  resume(): void {
    for (const record of this.records.values()) {
      if (record.status !== 'RUNNING') continue;
      // The Map that started a child is entered again and starts new ones.
      if (record.mapRunArn !== undefined) this.records.set(record.executionArn, { ...record, status: 'ABORTED' });
      else this.#launch(record);
    }
  }

  /** Gives up what runs, leaving its record as it stands. */
  stop(): void {
    this.#options.tokens.stop();
    for (const { history, controller, timeout } of this.#live.values()) {
      timeout?.cancel();
      history.freeze();
      controller.abort(new Aborted());
    }
  }

  #launch(record: ExecutionRecord): void {
    const { executionArn } = record;
    const { context } = this.#options;
    const resumed = this.#positions.get(executionArn);
    let length = 0;
    for (const { id } of this.history(executionArn)) length = id;
    const history = new History({
      now: () => context.clock.now(),
      length,
      onEvent: (event) => this.#recordEvent(record, event),
    });
    const live: Live = { history, controller: new AbortController() };
    this.#live.set(executionArn, live);
    const definition = JSON.parse(record.definition) as Definition;
    if (definition.TimeoutSeconds !== undefined) {
      live.timeout = this.#armTimeout(record, definition.TimeoutSeconds);
    }
    context.emit(`execution ${record.name}`, (work) => this.#run(record, definition, live, work, resumed));
  }

  async #run(
    record: ExecutionRecord,
    container: StatesContainer,
    { history, controller }: Live,
    work: Work,
    resumed?: PositionRecord,
  ): Promise<void> {
    const input = JSON.parse(record.input) as Json;
    const frame: Frame = {
      run: this.#runOf(record, input, history),
      work,
      signal: controller.signal,
      variables: new Variables({}, resumed?.position.variables),
      journal: this.#journal(record.executionArn, resumed),
      pointer: history.length,
      open: undefined,
    };
    if (history.length === 0) {
      history.append('ExecutionStarted', 0, {
        input: record.input,
        inputDetails: { truncated: false },
        roleArn: record.roleArn,
      });
      // The first state follows no event, not this one.
      frame.pointer = 0;
    } else if (this.#events.get(eventKey(record.executionArn, history.length))?.type.match(ENDED)) {
      frame.pointer = history.append('ExecutionRedriven', 0, { redriveCount: record.redriveCount });
    }
    try {
      const output = await runStates(container, input, frame, resumed?.position);
      if (!history.close('ExecutionSucceeded', frame.pointer, outputDetails(output))) return;
      this.#settle(record, { status: 'SUCCEEDED', output: JSON.stringify(output) });
    } catch (error) {
      if (error instanceof Aborted) return;
      const failure = error instanceof StateFailure ? error : this.#unexpected(record, error);
      if (!history.close('ExecutionFailed', frame.pointer, failure.details)) return;
      this.#settle(record, { status: 'FAILED', error: failure.error, cause: failure.reason });
    }
  }

  #runOf(record: ExecutionRecord, input: Json, history: History): Run {
    const { context, evaluator, port, tokens } = this.#options;
    const tasks: TaskRunner = { port, tokens, executionEnded: (arn) => this.ended(arn) };
    return {
      clock: context.clock,
      history,
      evaluator,
      tasks,
      distributed: this.#distributed,
      region: context.region,
      execution: {
        Id: record.executionArn,
        Input: input,
        Name: record.name,
        RoleArn: record.roleArn,
        StartTime: new Date(record.startDate).toISOString(),
        ...(record.synchronous ? {} : { RedriveCount: record.redriveCount }),
      },
      stateMachine: record.stateMachine,
    };
  }

  #journal(executionArn: string, resumed: PositionRecord | undefined): Journal {
    let current = resumed;
    const keep = (next: PositionRecord) => {
      current = next;
      this.#positions.set(executionArn, next);
    };
    return {
      entering: (position) => keep({ position, memory: {} }),
      remember: (key, value) => {
        if (current) keep({ ...current, memory: { ...current.memory, [key]: value } });
      },
      recall: (key) => current?.memory[key] ?? undefined,
    };
  }

  #recordEvent(record: ExecutionRecord, event: HistoryEvent): void {
    // The history of an express execution is in its log only.
    if (record.type === 'STANDARD') this.#events.set(eventKey(record.executionArn, event.id), event);
    this.#options.announcements.happened(record, event);
  }

  #armTimeout(record: ExecutionRecord, seconds: number): Timer {
    return this.#options.context.clock.schedule(
      (record.redriveDate ?? record.startDate) + 1000 * seconds,
      () => {
        const details = { error: 'States.Timeout' };
        this.terminate(record.executionArn, 'ExecutionTimedOut', { status: 'TIMED_OUT' }, details);
      },
      { background: true, name: `timeout of execution ${record.name}` },
    );
  }

  #settle(record: ExecutionRecord, ending: Ending): void {
    const { executionArn } = record;
    this.#live.get(executionArn)?.timeout?.cancel();
    this.#live.delete(executionArn);
    // What failed can be redriven from where it stood.
    if (ending.status === 'SUCCEEDED') this.#positions.delete(executionArn);
    const settled = { ...record, ...ending, stopDate: this.#options.context.clock.now() };
    this.records.set(executionArn, settled);
    this.#options.announcements.statusChanged(settled);
    for (const resolve of this.#waiting.get(executionArn) ?? []) resolve();
    this.#waiting.delete(executionArn);
  }

  /** A fault of the interpreter itself: the execution fails, and the person who runs the cloud is told. */
  #unexpected(record: ExecutionRecord, error: unknown): StateFailure {
    const { message, stack } = error as Error;
    this.#options.context.log(`execution ${record.name} failed unexpectedly: ${message}`, { error: stack });
    return new StateFailure('States.Runtime', message);
  }
}

/** Events that end an execution. */
const ENDED = /^Execution(Failed|Aborted|TimedOut)$/;

const eventKey = (executionArn: string, id: number) => `${executionArn}#${id}`;
