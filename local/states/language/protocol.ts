/** What the evaluator and its thread say to each other. JSON travels as text: cheap to copy, and free of the thread's objects. */
export interface EvaluationRequest {
  readonly id: number;
  /** The cloud's time, ms: what `$now()` and `$millis()` see. */
  readonly now: number;
  /** JSON of the bindings: `states` and every variable in scope. */
  readonly bindings: string;
  readonly expressions: readonly string[];
}

export interface EvaluationReply {
  readonly id: number;
  /** One an expression, up to the first that failed. */
  readonly outcomes: readonly Outcome[];
}

export type Outcome =
  | { readonly kind: 'value'; readonly json: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unsupported' }
  /** `code` is JSONata's own, e.g. `T1006`; limits and the service's functions have none. */
  | { readonly kind: 'error'; readonly code?: string; readonly message: string };
