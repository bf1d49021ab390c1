import type { TaskState } from '../definition/model.ts';
import { endedExecution } from '../integrations/executions.ts';
import type { Integration } from '../integrations/integration.ts';
import type { Resource } from '../integrations/resource.ts';
import type { CallbackResult, ExecutionDescription } from '../integrations/runner.ts';
import { exceedsPayloadLimit, isObject, type Json, type JsonObject } from '../json.ts';
import { Aborted, dataLimitExceeded, StateFailure } from './failure.ts';
import { outputDetails } from './history.ts';
import { callService } from './service-call.ts';
import { reporting } from './task-events.ts';
import { orderOf, type TaskOrder } from './task-order.ts';
import { type TimeLimit, withinLimit } from './time-limit.ts';
import type { Visit } from './visit.ts';

type ServiceResource = Extract<Resource, { kind: 'service' }>;
type Append = (type: string, details?: JsonObject) => void;

/** A task whose resource is a service's action. */
export async function runService(
  visit: Visit<TaskState>,
  resource: ServiceResource,
  integration: Integration,
): Promise<Json> {
  const { history } = visit.frame.run;
  const { resourceType } = resource;
  const append: Append = (type, details) => {
    const subject = { resourceType, resource: resource.resource };
    visit.frame.pointer = history.append(`Task${type}`, visit.frame.pointer, { ...subject, ...details });
  };
  const pending = pendingToken(visit);
  // A field that cannot be evaluated fails the state, not the task: it was never scheduled.
  const order = pending ? undefined : await ordered(visit, resource);
  return reporting(append, async () => {
    const answer = order
      ? await performed(visit, resource, integration, order, append)
      : await callback(visit, pending as PendingToken);
    if (exceedsPayloadLimit(answer)) throw dataLimitExceeded(resourceType);
    append('Succeeded', outputDetails(answer));
    return answer;
  });
}

async function ordered(visit: Visit<TaskState>, { pattern }: ServiceResource): Promise<TaskOrder> {
  const { tokens } = visit.frame.run.tasks;
  visit.token = pattern === 'waitForTaskToken' ? tokens.issue(visit.frame.run.execution.Id) : undefined;
  try {
    return await orderOf(visit);
  } catch (error) {
    if (visit.token !== undefined) tokens.withdraw(visit.token);
    throw error;
  }
}

async function performed(
  visit: Visit<TaskState>,
  { pattern }: ServiceResource,
  integration: Integration,
  { args, limit, caller: identity, scheduled }: TaskOrder,
  append: Append,
): Promise<Json> {
  const { execution, stateMachine, region } = visit.frame.run;
  append('Scheduled', { region, parameters: JSON.stringify(args), ...scheduled });
  append('Started');
  const caller = { executionArn: execution.Id, stateMachineArn: stateMachine.Id };
  const input = integration.request(isObject(args) ? args : {}, caller);
  const answer = await callService(visit, {
    call: { service: integration.service, action: integration.action, input, ...identity },
    limit,
    read: integration.result,
    failure: integration.failure,
  });
  if (pattern === 'request') return answer;
  append('Submitted', outputDetails(answer));
  if (visit.token === undefined) return startedExecution(visit, answer, limit, pattern === 'sync:2');
  visit.frame.journal?.remember('token', { token: visit.token, ...limit });
  return callback(visit, { token: visit.token, limit });
}

interface PendingToken {
  readonly token: string;
  readonly limit: TimeLimit;
}

/** After a restart: the token that the task was waiting for. */
function pendingToken({ frame }: Visit): PendingToken | undefined {
  const pending = frame.journal?.recall('token');
  if (!isObject(pending)) return undefined;
  const { token, ...limit } = pending;
  return { token: String(token), limit };
}

async function callback({ frame }: Visit, { token, limit }: PendingToken): Promise<Json> {
  const { tokens } = frame.run.tasks;
  let result: CallbackResult;
  try {
    result = await withinLimit(frame, limit, (onHeartbeat) => tokens.result(token, onHeartbeat));
  } catch (error) {
    tokens.withdraw(token);
    if (!(error instanceof Aborted)) frame.journal?.remember('token', null);
    throw error;
  }
  tokens.withdraw(token);
  frame.journal?.remember('token', null);
  if (result.kind === 'failure') throw new StateFailure(result.error, result.cause);
  return result.output;
}

async function startedExecution(
  visit: Visit<TaskState>,
  answer: Json,
  limit: TimeLimit,
  parsed: boolean,
): Promise<Json> {
  const { frame } = visit;
  const { port, executionEnded } = frame.run.tasks;
  const executionArn = String((answer as JsonObject).ExecutionArn);
  const { RoleArn: roleArn } = frame.run.execution;
  const ask = (action: string) => port.invoke({ service: 'states', action, input: { executionArn }, roleArn });
  try {
    await withinLimit(frame, limit, () => executionEnded(executionArn));
  } catch (error) {
    // Given up: the started execution is stopped as well, as far as that goes.
    ask('StopExecution').catch(() => undefined);
    throw error;
  }
  return endedExecution((await ask('DescribeExecution')) as ExecutionDescription, parsed);
}
