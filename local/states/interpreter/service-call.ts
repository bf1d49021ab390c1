import { randomUUID } from 'node:crypto';
import { AwsError } from '../../kernel/errors.ts';
import type { Document } from '../../kernel/service.ts';
import type { ServiceCall } from '../integrations/runner.ts';
import type { Json } from '../json.ts';
import { StateFailure } from './failure.ts';
import { type TimeLimit, withinLimit } from './time-limit.ts';
import type { Visit } from './visit.ts';

export interface CallOptions {
  readonly call: ServiceCall;
  readonly limit: TimeLimit;
  read(output: Document): Json;
  failure(error: AwsError, requestId: string): StateFailure;
}

/** Calls another service for a task, and puts its answer or its error into the task's words. */
export async function callService({ frame }: Visit, { call, limit, read, failure }: CallOptions): Promise<Json> {
  const requestId = randomUUID();
  let output: Document;
  try {
    output = await withinLimit(frame, limit, () => frame.run.tasks.port.invoke(call));
  } catch (error) {
    if (error instanceof AwsError && error.code === 'LocalCloudUnsupported') {
      throw new StateFailure(error.code, error.message);
    }
    throw error instanceof AwsError ? failure(error, requestId) : error;
  }
  return read(output);
}
