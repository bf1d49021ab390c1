/** A workflow, what its tasks are answered, and what must come of it. */
export interface Case {
  readonly name: string;
  readonly definition: Readonly<Record<string, unknown>>;
  readonly input?: unknown;
  /** Answers to the tasks, in order; the last is given again. */
  readonly answers?: readonly TaskAnswer[];
  readonly expect: Expectation;
}

export type TaskAnswer =
  /** What a function returned, or what a service answered. */
  | { readonly payload: unknown }
  /** What a function threw. */
  | { readonly thrown: { readonly errorType?: string; readonly errorMessage: string } }
  /** An error of the service itself. */
  | { readonly code: string; readonly message: string; readonly status?: number }
  /** Takes so long, then returns nothing. */
  | { readonly seconds: number };

export interface Expectation {
  readonly status?: string;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** `<id> <previous id> <type> [name]`, the whole history in order. */
  readonly events?: readonly string[];
  /** Events by their type and name, in order; everything else is left out. */
  readonly includes?: readonly string[];
  /** Seconds of the cloud's time that the execution took. */
  readonly seconds?: number;
}

export const machine = (states: Record<string, unknown>, extra: Record<string, unknown> = {}) => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0],
  States: states,
  ...extra,
});

/** A task that calls a function. */
export const invoke = (fields: Record<string, unknown> = {}) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: 'work', Payload: '{% $states.input %}' },
  End: true,
  ...fields,
});
