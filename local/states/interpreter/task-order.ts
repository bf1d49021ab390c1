import type { TaskState } from '../definition/model.ts';
import type { ServiceCall } from '../integrations/runner.ts';
import type { Json, JsonObject } from '../json.ts';
import type { TimeLimit } from './time-limit.ts';
import type { Visit } from './visit.ts';

/** What a task is asked to do, once its fields are evaluated. */
export interface TaskOrder {
  readonly args: Json;
  readonly limit: TimeLimit;
  /** With whose permissions it is done. */
  readonly caller: Pick<ServiceCall, 'roleArn' | 'assumedBy'>;
  /** Members that the event of scheduling has beside the request. */
  readonly scheduled: JsonObject;
}

export async function orderOf(visit: Visit<TaskState>): Promise<TaskOrder> {
  const { state, frame, input } = visit;
  const { RoleArn: own } = frame.run.execution;
  const args = state.Arguments === undefined ? input : await visit.evaluate('Arguments', state.Arguments);
  const seconds = async (field: 'TimeoutSeconds' | 'HeartbeatSeconds') =>
    state[field] === undefined ? undefined : visit.evaluateInteger(field, state[field]);
  const timeout = await seconds('TimeoutSeconds');
  const heartbeat = await seconds('HeartbeatSeconds');
  const roleArn =
    state.Credentials && (await visit.evaluateAs<string>('Credentials/RoleArn', state.Credentials.RoleArn, 'string'));
  return {
    args,
    limit: {
      ...(timeout === undefined ? {} : { timeoutAt: frame.run.clock.now() + 1000 * timeout }),
      ...(heartbeat === undefined ? {} : { heartbeatSeconds: heartbeat }),
    },
    caller: roleArn === undefined ? { roleArn: own } : { roleArn, assumedBy: own },
    scheduled: {
      ...(timeout === undefined ? {} : { timeoutInSeconds: timeout }),
      ...(heartbeat === undefined ? {} : { heartbeatInSeconds: heartbeat }),
      ...(roleArn === undefined ? {} : { taskCredentials: { roleArn } }),
    },
  };
}
