import type { Clock, Work } from '../../kernel/clock.ts';
import type { State } from '../definition/model.ts';
import type { TaskRunner } from '../integrations/runner.ts';
import type { Json, JsonObject } from '../json.ts';
import type { Evaluator } from '../language/evaluator.ts';
import type { DistributedRuns } from './distributed-map.ts';
import type { History } from './history.ts';
import type { Variables } from './variables.ts';

/** One execution, as its states see it. */
export interface Run {
  readonly clock: Clock;
  readonly history: History;
  readonly evaluator: Evaluator;
  readonly tasks: TaskRunner;
  readonly distributed: DistributedRuns;
  readonly region: string;
  readonly execution: ExecutionFacts;
  readonly stateMachine: { readonly Id: string; readonly Name: string };
}

/** `$states.context.Execution` */
export interface ExecutionFacts {
  readonly Id: string;
  readonly Name: string;
  readonly Input: Json;
  readonly RoleArn: string;
  readonly StartTime: string;
  /** Absent in synchronous express executions, as in the service. */
  readonly RedriveCount?: number;
}

/** One line of control: the execution itself, a branch of a Parallel, an iteration of a Map. */
export interface Frame {
  readonly run: Run;
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly variables: Variables;
  /** `$states.context.Map` inside an iteration. */
  readonly map?: JsonObject;
  /** Only at the top level: what must outlive a restart. */
  readonly journal?: Journal;
  /** The event that the next one follows. */
  pointer: number;
  /** The state that is under way, for the events of an abort. */
  open: OpenState | undefined;
}

export interface OpenState {
  readonly type: State['Type'];
  /** Lines of control that the state has started. */
  readonly frames: Map<number, Frame>;
  readonly name: string;
}

/** What a top-level state remembers across a restart. */
export interface Journal {
  entering(position: Position): void;
  remember(key: string, value: Json): void;
  recall(key: string): Json | undefined;
}

/** Where an execution stands at its top level. */
export interface Position {
  readonly state: string;
  readonly input: Json;
  readonly variables: Record<string, Json>;
  /** The event before the state's own. */
  readonly before: number;
  readonly enteredId: number;
  readonly enteredTime: number;
}
