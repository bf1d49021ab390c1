import type { Work } from '../kernel/clock.ts';
import { Unsupported } from '../kernel/errors.ts';
import type { CloudContext, Document } from '../kernel/service.ts';
import type { QueuedEvent } from './async-queue.ts';
import { lambdaError } from './errors.ts';
import { countEvent } from './execution/invocation-metrics.ts';
import type { InvocationResult } from './execution/invoker.ts';
import { keyOf, type LambdaState } from './state.ts';

export interface FinishedEvent {
  readonly condition: 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';
  readonly result?: InvocationResult;
}

/** A place that Lambda sends records to: by the service in its ARN. */
interface Target {
  readonly action: string;
  /** The call that leaves `body` there. */
  call(context: CloudContext, arn: string, body: string, attributes?: Document): { action: string; input: Document };
}

const queueUrl = (context: CloudContext, arn: string) =>
  `${context.endpoint()}/${context.account}/${arn.split(':').at(-1)}`;

const TARGETS: Readonly<Record<string, Target>> = {
  sqs: {
    action: 'sqs:SendMessage',
    call: (context, arn, body, attributes) => ({
      action: 'SendMessage',
      input: {
        QueueUrl: queueUrl(context, arn),
        MessageBody: body,
        ...(attributes ? { MessageAttributes: attributes } : {}),
      },
    }),
  },
  sns: {
    action: 'sns:Publish',
    call: (_context, arn, body, attributes) => ({
      action: 'Publish',
      input: { TopicArn: arn, Message: body, ...(attributes ? { MessageAttributes: attributes } : {}) },
    }),
  },
  lambda: {
    action: 'lambda:InvokeFunction',
    call: (_context, arn, body) => ({
      action: 'Invoke',
      input: { FunctionName: arn, InvocationType: 'Event', Payload: Buffer.from(body) },
    }),
  },
  events: {
    action: 'events:PutEvents',
    call: (_context, arn, body) => {
      const { requestContext } = JSON.parse(body) as { requestContext: { condition: string; functionArn: string } };
      const outcome = requestContext.condition === 'Success' ? 'Success' : 'Failure';
      const entry = {
        Source: 'lambda',
        DetailType: `Lambda Function Invocation Result - ${outcome}`,
        Detail: body,
        Resources: [arn, requestContext.functionArn],
        EventBusName: arn,
      };
      return { action: 'PutEvents', input: { Entries: [entry] } };
    },
  },
};

function targetOf(arn: string): { service: string; target: Target } {
  const service = arn.split(':')[2] ?? '';
  const target = TARGETS[service];
  if (!target)
    throw new Unsupported(`the Lambda destination ${arn}`, { hint: 'It takes SQS, SNS, Lambda and EventBridge.' });
  return { service, target };
}

/** Lambda checks when a destination is set that the function's role may use it. */
export function checkDestination(state: LambdaState, name: string, arn: string): void {
  const { target } = targetOf(arn);
  const { Role } = state.latest(name).configuration;
  try {
    state.context.authorize(state.context.rolePrincipal(Role, name), [{ action: target.action, resource: arn }]);
  } catch {
    const action = target.action.split(':')[1];
    throw lambdaError.invalid(
      `The function's execution role doesn't have permissions to call ${action} on the destination ${arn}`,
    );
  }
}

/** Sends the record of a finished event to the destination for its condition, if there is one. */
export async function deliverResult(
  state: LambdaState,
  event: QueuedEvent,
  finished: FinishedEvent,
  work: Work,
): Promise<void> {
  const config = state.eventInvokes.get(keyOf(event.name, event.qualifier));
  const arn = finished.condition === 'Success' ? config?.onSuccess : config?.onFailure;
  if (arn)
    await deliver(
      state,
      event,
      { arn, body: JSON.stringify(record(state, event, finished)), metric: 'DestinationDeliveryFailures' },
      work,
    );
}

/** Sends a given-up event, as it came, to the function's dead-letter queue, if it has one. */
export async function deliverDeadLetter(
  state: LambdaState,
  event: QueuedEvent,
  finished: FinishedEvent,
  work: Work,
): Promise<void> {
  const arn = state.resolve(event.name, event.qualifier).version.configuration.DeadLetterArn;
  if (!arn) return;
  const attribute = (DataType: string, StringValue: string) => ({ DataType, StringValue });
  const { errorMessage = finished.condition } = finished.result
    ? (parse(finished.result.payload) as { errorMessage?: string })
    : {};
  const attributes = {
    RequestID: attribute('String', event.requestId),
    ErrorCode: attribute('Number', finished.result ? '200' : '429'),
    ErrorMessage: attribute('String', errorMessage.slice(0, 1024) || finished.condition),
  };
  await deliver(state, event, { arn, body: event.payload, attributes, metric: 'DeadLetterErrors' }, work);
}

interface Delivery {
  readonly arn: string;
  readonly body: string;
  readonly attributes?: Document;
  /** Counts deliveries that failed: the event is lost then, as on AWS. */
  readonly metric: string;
}

async function deliver(
  state: LambdaState,
  event: QueuedEvent,
  { arn, body, attributes, metric }: Delivery,
  work: Work,
): Promise<void> {
  const { context } = state;
  const { service, target } = targetOf(arn);
  const { Role } = state.resolve(event.name, event.qualifier).version.configuration;
  const { action, input } = target.call(context, arn, body, attributes);
  try {
    await context.call(context.rolePrincipal(Role, event.name), service, action, input, work);
  } catch (error) {
    countEvent(context, event.name, metric);
    context.log(
      `The event ${event.requestId} of ${event.name} could not be delivered to ${arn}: ${(error as Error).message}`,
    );
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html */
function record(state: LambdaState, event: QueuedEvent, { condition, result }: FinishedEvent): Document {
  const failed = condition !== 'Success';
  return {
    version: '1.0',
    timestamp: new Date(state.context.clock.now()).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: state.arn(event.name, event.qualifier ?? '$LATEST'),
      condition,
      approximateInvokeCount: failed ? event.failures : event.failures + 1,
    },
    requestPayload: parse(event.payload),
    ...(result
      ? {
          responseContext: {
            statusCode: 200,
            executedVersion: result.executedVersion,
            ...(failed ? { functionError: result.functionError } : {}),
          },
          responsePayload: parse(result.payload),
        }
      : {}),
  };
}

const parse = (text: string): unknown => JSON.parse(text);
