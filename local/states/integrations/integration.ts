import type { AwsError } from '../../kernel/errors.ts';
import type { Document } from '../../kernel/service.ts';
import type { StateFailure } from '../interpreter/failure.ts';
import type { Json, JsonObject } from '../json.ts';

/** What an integration knows of the execution that calls it. */
export interface Caller {
  readonly executionArn: string;
  readonly stateMachineArn: string;
}

/** One service action as a task uses it. */
export interface Integration {
  readonly service: string;
  readonly action: string;
  /** The request in the service's own shape. */
  request(args: JsonObject, caller: Caller): Document;
  /** What the state machine sees; throws the failure that an answer stands for. */
  result(output: Document): Json;
  failure(error: AwsError, requestId: string): StateFailure;
}

/** Text for a member that must be a string: anything else is sent as its JSON. */
export function asText(value: Json | undefined): string | undefined {
  if (value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Leaves out what is not there. */
export function defined(members: Record<string, unknown>): Document {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
