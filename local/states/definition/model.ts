import type { Json, JsonObject } from '../json.ts';

/** A state machine, an item processor or a branch: states and where they start. https://states-language.net/spec.html */
export interface StatesContainer {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
  readonly ProcessorConfig?: {
    readonly Mode?: 'INLINE' | 'DISTRIBUTED';
    readonly ExecutionType?: 'STANDARD' | 'EXPRESS';
  };
}

export interface Definition extends StatesContainer {
  readonly Comment?: string;
  readonly QueryLanguage?: string;
  readonly TimeoutSeconds?: number;
}

/** In the order in which the service lists them. */
export const STATE_TYPES = ['Task', 'Wait', 'Pass', 'Succeed', 'Fail', 'Choice', 'Parallel', 'Map'] as const;
export type StateType = (typeof STATE_TYPES)[number];

interface Common {
  readonly Comment?: string;
  readonly QueryLanguage?: string;
  readonly Next?: string;
  readonly End?: boolean;
  readonly Output?: Json;
  readonly Assign?: JsonObject;
}

/** A number, or an expression that gives one. */
export type NumberField = number | string;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds?: number;
  readonly MaxAttempts?: number;
  readonly BackoffRate?: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL' | 'NONE';
}

export interface Catcher {
  readonly ErrorEquals: readonly string[];
  readonly Next: string;
  readonly Output?: Json;
  readonly Assign?: JsonObject;
}

export interface Recovery {
  readonly Retry?: readonly Retrier[];
  readonly Catch?: readonly Catcher[];
}

export interface PassState extends Common {
  readonly Type: 'Pass';
}
export interface SucceedState extends Common {
  readonly Type: 'Succeed';
}
export interface FailState extends Common {
  readonly Type: 'Fail';
  readonly Error?: string;
  readonly Cause?: string;
}
export interface WaitState extends Common {
  readonly Type: 'Wait';
  readonly Seconds?: NumberField;
  readonly Timestamp?: string;
}
export interface ChoiceRule {
  readonly Condition: string | boolean;
  readonly Next: string;
  readonly Output?: Json;
  readonly Assign?: JsonObject;
}
export interface ChoiceState extends Common {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule[];
  readonly Default?: string;
}
export interface TaskState extends Common, Recovery {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments?: Json;
  readonly TimeoutSeconds?: NumberField;
  readonly HeartbeatSeconds?: NumberField;
  readonly Credentials?: { readonly RoleArn: string };
}
export interface ParallelState extends Common, Recovery {
  readonly Type: 'Parallel';
  readonly Branches: readonly StatesContainer[];
  readonly Arguments?: Json;
}
export interface MapState extends Common, Recovery {
  readonly Type: 'Map';
  readonly Items?: Json;
  readonly ItemSelector?: Json;
  readonly ItemProcessor?: StatesContainer;
  /** The deprecated name of `ItemProcessor`. */
  readonly Iterator?: StatesContainer;
  readonly ItemReader?: ItemReader;
  readonly ItemBatcher?: ItemBatcher;
  readonly ResultWriter?: ResultWriter;
  readonly MaxConcurrency?: NumberField;
  readonly ToleratedFailureCount?: NumberField;
  readonly ToleratedFailurePercentage?: NumberField;
  readonly Label?: string;
}
export interface ItemReader {
  readonly Resource: string;
  readonly Arguments?: Json;
  readonly ReaderConfig?: {
    readonly InputType?: 'CSV' | 'JSON' | 'JSONL' | 'MANIFEST';
    readonly CSVHeaderLocation?: 'FIRST_ROW' | 'GIVEN';
    readonly CSVHeaders?: readonly string[];
    readonly CSVDelimiter?: 'COMMA' | 'PIPE' | 'SEMICOLON' | 'SPACE' | 'TAB';
    /** A JSON pointer to the array in a JSON document. */
    readonly ItemsPointer?: string;
    readonly MaxItems?: NumberField;
  };
}
export interface ItemBatcher {
  readonly BatchInput?: Json;
  readonly MaxItemsPerBatch?: NumberField;
  readonly MaxInputBytesPerBatch?: NumberField;
}
export interface ResultWriter {
  readonly Resource?: string;
  readonly Arguments?: Json;
  readonly WriterConfig?: { readonly Transformation?: string; readonly OutputType?: 'JSON' | 'JSONL' };
}

export type State =
  | PassState
  | SucceedState
  | FailState
  | WaitState
  | ChoiceState
  | TaskState
  | ParallelState
  | MapState;

/** The container that a Map runs for every item. */
export function processorOf(state: MapState): StatesContainer {
  const processor = state.ItemProcessor ?? state.Iterator;
  if (!processor) throw new Error('A Map state has neither ItemProcessor nor Iterator');
  return processor;
}

export const isDistributed = (state: MapState) => processorOf(state).ProcessorConfig?.Mode === 'DISTRIBUTED';
