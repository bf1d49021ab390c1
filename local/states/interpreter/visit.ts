import type { State } from '../definition/model.ts';
import type { Json, JsonObject } from '../json.ts';
import { typeName } from '../json.ts';
import type { Outcome } from '../language/protocol.ts';
import { expressionOf, expressionsIn, fill, type Placed } from '../language/template.ts';
import { StateFailure } from './failure.ts';
import type { Frame } from './run.ts';

/** What a field's expressions may see beside input and context. */
export interface Extras {
  readonly result?: Json;
  readonly errorOutput?: Json;
}

/** How a state ended: where to go and with what. */
export interface Outgoing {
  readonly next?: string;
  readonly output: Json;
  readonly assigned?: JsonObject;
}

/** The types that a field of a state may require of an expression. */
export type Expected = 'number' | 'string' | 'boolean' | 'array' | 'object';

/** One passage through one state. */
export class Visit<S extends State = State> {
  readonly frame: Frame;
  readonly name: string;
  readonly state: S;
  readonly input: Json;
  readonly enteredId: number;
  readonly enteredTime: number;
  /** The event before the state's own. */
  readonly before: number;
  retryCount = 0;
  token: string | undefined;
  /** Stands in for the context object, when a state is tested with one. */
  givenContext: JsonObject | undefined;

  constructor(
    frame: Frame,
    passage: Pick<Visit<S>, 'name' | 'state' | 'input' | 'enteredId' | 'enteredTime' | 'before'>,
  ) {
    this.frame = frame;
    this.name = passage.name;
    this.state = passage.state;
    this.input = passage.input;
    this.enteredId = passage.enteredId;
    this.enteredTime = passage.enteredTime;
    this.before = passage.before;
  }

  /** The context object. https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html */
  context(map: JsonObject | undefined = this.frame.map): JsonObject {
    if (this.givenContext) return this.givenContext;
    const retriable = ['Task', 'Parallel', 'Map'].includes(this.state.Type);
    return {
      Execution: { ...this.frame.run.execution },
      StateMachine: { ...this.frame.run.stateMachine },
      State: {
        Name: this.name,
        EnteredTime: new Date(this.enteredTime).toISOString(),
        ...(retriable ? { RetryCount: this.retryCount } : {}),
      },
      ...(this.token === undefined ? {} : { Task: { Token: this.token } }),
      ...(map === undefined ? {} : { Map: map }),
    };
  }

  /** The value of a field of any type. */
  async evaluate(location: string, template: Json, extras: Extras = {}, map?: JsonObject): Promise<Json> {
    const placed = expressionsIn(template, location);
    if (placed.length === 0) return template;
    const outcomes = await this.frame.run.evaluator.evaluate(
      placed.map(({ expression }) => expression),
      {
        states: { input: this.input, context: this.context(map), ...extras },
        variables: this.frame.variables.visible,
        now: this.frame.run.clock.now(),
      },
    );
    const values = outcomes.map((outcome, index) => this.#valueOf(outcome, placed[index] as Placed));
    return fill(template, values.values());
  }

  /** The value of a field that must have one type. */
  async evaluateAs<T extends Json>(location: string, template: Json, expected: Expected): Promise<T> {
    const value = await this.evaluate(location, template);
    if (typeName(value) === expected) return value as T;
    throw this.queryFailure(
      `The JSONata expression '${expressionOf(template) ?? String(template)}' specified for the field '${location}' returned an unexpected result type. Expected '${expected}', but was '${typeName(value)}' for value: ${JSON.stringify(value)}`,
      { location },
    );
  }

  /** A whole number from a field, which must not be negative. */
  async evaluateInteger(location: string, template: Json): Promise<number> {
    const value = await this.evaluateAs<number>(location, template, 'number');
    if (!Number.isInteger(value)) {
      throw this.queryFailure(`The ${location} field cannot be parsed as an integer: ${value}`, { location });
    }
    if (value < 0) throw this.queryFailure(`The ${location} field cannot be negative: ${value}`, { location });
    return value;
  }

  /** Evaluates `Assign` and `Output` of the state, a choice rule or a catcher; both see the variables as they were. */
  async finish(
    fields: { readonly Assign?: JsonObject; readonly Output?: Json },
    options: Extras & { fallback: Json; prefix?: string },
  ): Promise<Omit<Outgoing, 'next'>> {
    const { fallback, prefix = '', ...extras } = options;
    const assigned =
      fields.Assign === undefined
        ? undefined
        : ((await this.evaluate(`${prefix}Assign`, fields.Assign, extras)) as JsonObject);
    const output =
      fields.Output === undefined ? fallback : await this.evaluate(`${prefix}Output`, fields.Output, extras);
    return { output, ...(assigned === undefined ? {} : { assigned }) };
  }

  /** A failure of the state whose cause says where, as the service begins it. */
  failure(error: string, message: string): StateFailure {
    return new StateFailure(
      error,
      `An error occurred while executing the state '${this.name}' (entered at the event id #${this.enteredId}). ${message}`,
    );
  }

  /** A failed evaluation, with its event. */
  queryFailure(message: string, at: { location?: string; after?: number } = {}): StateFailure {
    const failure = this.failure('States.QueryEvaluationError', message);
    const { frame } = this;
    // What fails before the state did anything follows the event before the state's own.
    const follows = at.after ?? (frame.pointer === this.enteredId ? this.before : frame.pointer);
    frame.pointer = frame.run.history.append('EvaluationFailed', follows, {
      state: this.name,
      ...failure.details,
      ...(at.location === undefined ? {} : { location: at.location }),
    });
    return failure;
  }

  #valueOf(outcome: Outcome, { expression, location }: Placed): Json {
    if (outcome.kind === 'value') return JSON.parse(outcome.json) as Json;
    const subject = `The JSONata expression '${expression}' specified for the field '${location}'`;
    throw this.queryFailure(`${subject} ${describe(outcome)}`, { location });
  }
}

function describe(outcome: Exclude<Outcome, { kind: 'value' }>): string {
  if (outcome.kind === 'nothing') return 'returned nothing (undefined).';
  if (outcome.kind === 'unsupported') return 'returned an unsupported result type.';
  // A coded message is a sentence of its own.
  const ending = outcome.code === undefined ? `: ${outcome.message}` : `. ${outcome.code}: ${outcome.message}`;
  return `threw an error during evaluation${ending}`;
}
