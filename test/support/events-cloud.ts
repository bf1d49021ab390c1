import {
  EventBridgeClient,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { CreateQueueCommand, DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { eventsService } from '../../local/events/service.ts';
import { createAuthorizer } from '../../local/iam/authorizer.ts';
import type { AccessRequest, PolicyDocument } from '../../local/iam/principal.ts';
import type { ServiceFactory } from '../../local/kernel/cloud.ts';
import { sqsService } from '../../local/sqs/service.ts';
import { type FakeService, fakeService } from './fake-services.ts';
import { startKernel, type TestKernel, type TestKernelOptions } from './kernel.ts';

export const START = Date.UTC(2026, 0, 5);
export const RULE = 'arn:aws:events:us-east-1:000000000000:rule/orders';
export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:act';
export const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;

/** Lets a service in for a source, as a resource policy does. */
export const allow = (service: string, action: string, source = '*'): PolicyDocument => ({
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: service },
      Action: action,
      Resource: '*',
      Condition: { ArnLike: { 'aws:SourceArn': source } },
    },
  ],
});

export interface EventsCloud extends TestKernel {
  readonly lambda: FakeService;
  readonly authorizer: ReturnType<typeof createAuthorizer>;
  readonly events: EventBridgeClient;
  readonly sqs: SQSClient;
  readonly logged: string[];
  /** Makes a queue that lets EventBridge in for the rule `orders`; its ARN. */
  queue(name: string, policy?: PolicyDocument): Promise<string>;
  /** Takes the messages out of a queue. */
  messages(name: string): Promise<{ body: string; attributes: Record<string, string | undefined> }[]>;
  /** A rule `orders` about every event of the source `shop`, with one target. */
  rule(target: Partial<Target>): Promise<void>;
  publish(detail: unknown): Promise<string>;
}

/** EventBridge and SQS with their policies enforced, and a Lambda that only remembers what it was sent. */
export async function eventsCloud(
  options: Partial<TestKernelOptions> & { policy?: PolicyDocument } = {},
): Promise<EventsCloud> {
  const { services = [], policy = allow('events.amazonaws.com', 'lambda:InvokeFunction', RULE), ...rest } = options;
  const access = ({ FunctionName }: Record<string, unknown>): AccessRequest[] => [
    { action: 'lambda:InvokeFunction', resource: String(FunctionName), policy },
  ];
  const lambda = fakeService('lambda', 'Invoke', access);
  const authorizer = createAuthorizer({ clock: { now: () => START } });
  const logged: string[] = [];
  const all: ServiceFactory[] = [eventsService, sqsService, lambda.factory, ...services];
  const log = (message: string) => logged.push(message);
  const cloud = await startKernel({ services: all, authorize: authorizer.authorize, log, startAt: START, ...rest });
  const events = new EventBridgeClient(cloud.client);
  const sqs = new SQSClient(cloud.client);
  const url = (name: string) => `${cloud.client.endpoint}/000000000000/${name}`;
  return {
    ...cloud,
    lambda,
    authorizer,
    events,
    sqs,
    logged,
    async queue(name, queuePolicy = allow('events.amazonaws.com', 'sqs:SendMessage', RULE)) {
      await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy: JSON.stringify(queuePolicy) } }));
      return queueArn(name);
    },
    async messages(name) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl: url(name), MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] }),
      );
      for (const { ReceiptHandle } of Messages) {
        await sqs.send(new DeleteMessageCommand({ QueueUrl: url(name), ReceiptHandle }));
      }
      return Messages.map(({ Body = '', MessageAttributes = {} }) => ({
        body: Body,
        attributes: Object.fromEntries(
          Object.entries(MessageAttributes).map(([key, { StringValue }]) => [key, StringValue]),
        ),
      }));
    },
    async rule(target) {
      await events.send(new PutRuleCommand({ Name: 'orders', EventPattern: '{"source":["shop"]}' }));
      await events.send(
        new PutTargetsCommand({ Rule: 'orders', Targets: [{ Id: 'target', Arn: FUNCTION, ...target }] }),
      );
    },
    async publish(detail) {
      const entry = { Source: 'shop', DetailType: 'Order placed', Detail: JSON.stringify(detail) };
      const { Entries } = await events.send(new PutEventsCommand({ Entries: [entry] }));
      await cloud.clock.idle();
      return Entries?.[0]?.EventId ?? '';
    },
  };
}
