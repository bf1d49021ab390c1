import type { TaskState } from '../definition/model.ts';
import { optimizedFailure } from '../integrations/failures.ts';
import { lambdaFunction } from '../integrations/lambda.ts';
import { exceedsPayloadLimit, type Json, type JsonObject } from '../json.ts';
import { dataLimitExceeded } from './failure.ts';
import { inputDetails, outputDetails } from './history.ts';
import { callService } from './service-call.ts';
import { reporting } from './task-events.ts';
import { orderOf } from './task-order.ts';
import type { Visit } from './visit.ts';

/** A task whose resource is a function's ARN. */
export async function runFunction(visit: Visit<TaskState>, arn: string): Promise<Json> {
  const { frame } = visit;
  const { args, limit, caller, scheduled } = await orderOf(visit);
  const append = (type: string, details?: JsonObject) => {
    frame.pointer = frame.run.history.append(`LambdaFunction${type}`, frame.pointer, details);
  };
  append('Scheduled', { resource: arn, ...inputDetails(args), ...scheduled });
  append('Started');
  return reporting(append, async () => {
    const result = await callService(visit, {
      call: { service: 'lambda', action: 'Invoke', input: lambdaFunction.request(arn, args), ...caller },
      limit,
      read: lambdaFunction.result,
      failure: (error, requestId) => optimizedFailure('lambda', error, requestId),
    });
    if (exceedsPayloadLimit(result)) throw dataLimitExceeded(arn);
    append('Succeeded', outputDetails(result));
    return result;
  });
}
