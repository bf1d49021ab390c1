import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  LambdaClient,
  ListEventSourceMappingsCommand,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction } from '../../support/lambda.ts';
import { handlerRole } from '../../support/roles.ts';

const queueArn = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const READ = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
const WRITE = ['sqs:SendMessage', queueArn('seen')] as const;
const role = handlerRole();

let cloud: TestKernel;
let lambda: LambdaClient;
let sqs: SQSClient;
let jobs: string;
beforeEach(async () => {
  role.set([[READ, queueArn('jobs')], WRITE]);
  cloud = await startKernel({ services: [lambdaService, sqsService], authorize: role.authorize });
  lambda = new LambdaClient(cloud.client);
  sqs = new SQSClient(cloud.client);
  await queue('dead');
  await queue('seen');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 2 });
  jobs = await queue('jobs', { VisibilityTimeout: '60', RedrivePolicy });
});
afterEach(() => cloud.stop());

async function queue(QueueName: string, Attributes: Record<string, string> = {}): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl ?? '';
}

/** Notes every batch in the queue "seen", then does what its `then` says. */
const worker = (then: string) => `
  const { SQSClient, SendMessageCommand } = require('@aws-sdk/client-sqs');
  const sqs = new SQSClient({});
  exports.handler = async (event, context) => {
    const seen = { at: Date.now(), request: context.awsRequestId, records: event.Records };
    await sqs.send(new SendMessageCommand({ QueueUrl: process.env.AWS_ENDPOINT_URL + '/000000000000/seen', MessageBody: JSON.stringify(seen) }));
    ${then}
  };`;

async function map(source: string, more: Partial<CreateEventSourceMappingCommandInput> = {}) {
  await createFunction(lambda, 'worker', source, { Timeout: 10 });
  return lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: 'worker', EventSourceArn: queueArn('jobs'), ...more }),
  );
}

const send = async (...bodies: string[]) => {
  for (const MessageBody of bodies) await sqs.send(new SendMessageCommand({ QueueUrl: jobs, MessageBody }));
};

async function bodies(name: string): Promise<string[]> {
  const found: string[] = [];
  for (;;) {
    const QueueUrl = `${cloud.kernel.endpoint}/000000000000/${name}`;
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 43_200 }),
    );
    if (Messages.length === 0) return found;
    found.push(...Messages.map(({ Body = '' }) => Body));
  }
}

interface Batch {
  readonly at: number;
  readonly records: readonly { readonly body: string; readonly attributes: Record<string, string> }[];
}
const batches = async () => (await bodies('seen')).map((body): Batch => JSON.parse(body));
const bodiesOf = (batch: Batch | undefined) => batch?.records.map(({ body }) => body);

async function left(): Promise<number> {
  const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: jobs, AttributeNames: ['All'] }));
  return Number(Attributes?.ApproximateNumberOfMessages) + Number(Attributes?.ApproximateNumberOfMessagesNotVisible);
}

describe('an event source mapping', () => {
  test('gives messages to the function and deletes them when it succeeds', async () => {
    await map(worker('return null;'));
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: jobs,
        MessageBody: 'one',
        MessageAttributes: { kind: { DataType: 'String', StringValue: 'x' } },
      }),
    );
    await cloud.clock.idle();
    const [batch] = await batches();
    expect(batch?.records).toMatchObject([
      {
        messageId: expect.any(String),
        body: 'one',
        attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.any(String), SenderId: expect.any(String) },
        messageAttributes: {
          kind: { stringValue: 'x', dataType: 'String', stringListValues: [], binaryListValues: [] },
        },
        eventSource: 'aws:sqs',
        eventSourceARN: queueArn('jobs'),
        awsRegion: 'us-east-1',
      },
    ]);
    expect(await left()).toBe(0);
  });

  test('gives a failed batch again after the visibility timeout, then to the dead-letter queue', async () => {
    await map(worker(`throw new Error('no');`));
    await send('poison');
    await cloud.clock.idle();
    const [first, second, ...others] = await batches();
    expect(others).toEqual([]);
    // The first one waited for its sandbox, within the minute.
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(30_000);
    expect(second?.records[0]?.attributes.ApproximateReceiveCount).toBe('2');
    expect(await bodies('dead')).toEqual(['poison']);
  });

  test('deletes only what did not fail, when the function reports its failures', async () => {
    const source = worker(
      `return { batchItemFailures: event.Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) };`,
    );
    const { UUID } = await map(source, { Enabled: false, FunctionResponseTypes: ['ReportBatchItemFailures'] });
    await send('good', 'bad', 'fine');
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    await cloud.clock.idle();
    expect((await batches()).map(bodiesOf)).toEqual([['good', 'bad', 'fine'], ['bad']]);
    expect(await bodies('dead')).toEqual(['bad']);
    expect(await left()).toBe(0);
  });

  test.each([
    ['an unknown message', `{ batchItemFailures: [{ itemIdentifier: 'unknown' }] }`],
    ['no identifier', `{ batchItemFailures: [{ id: event.Records[0].messageId }] }`],
  ])('fails the whole batch when the report names %s', async (_, report) => {
    const { UUID } = await map(worker(`return ${report};`), {
      Enabled: false,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    await send('a', 'b');
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    await cloud.clock.idle();
    expect((await bodies('dead')).sort()).toEqual(['a', 'b']);
  });

  test('fills a batch for as long as its window says', async () => {
    await map(worker('return null;'), { BatchSize: 20, MaximumBatchingWindowInSeconds: 30 });
    await cloud.clock.run('sender', async () => {
      for (let n = 0; n < 15; n++) await send(String(n));
    });
    await cloud.clock.idle();
    const [batch, ...others] = await batches();
    expect(others).toEqual([]);
    expect(batch?.records).toHaveLength(15);
  });

  test('keeps within its concurrency', async () => {
    const source = worker(
      `const start = process.hrtime.bigint(); await new Promise((go) => setTimeout(go, 50)); return null;`,
    );
    const { UUID } = await map(source, { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 }, Enabled: false });
    await send('1', '2', '3', '4', '5', '6');
    const data: number[] = [];
    await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }));
    const running = () => cloud.clock.pending().filter((name) => name.startsWith('lambda: worker reads')).length;
    const watch = setInterval(() => data.push(running()), 1);
    await cloud.clock.idle();
    clearInterval(watch);
    expect(Math.max(...data)).toBe(2);
    expect(await batches()).toHaveLength(6);
  });

  test('is refused when the role may not read the queue', async () => {
    for (const missing of READ) {
      role.set([[READ.filter((action) => action !== missing), queueArn('jobs')], WRITE]);
      await createFunction(lambda, `without-${missing.slice(4)}`, worker(''));
      const mapping = { FunctionName: `without-${missing.slice(4)}`, EventSourceArn: queueArn('jobs') };
      await expect(lambda.send(new CreateEventSourceMappingCommand(mapping))).rejects.toThrow(
        `The provided execution role does not have permissions to call ${missing.slice(4)} on SQS`,
      );
    }
  });

  test('is listed by its function and its queue', async () => {
    const { UUID } = await map(worker(''), { BatchSize: 3, ScalingConfig: { MaximumConcurrency: 4 } });
    for (const wanted of [{ FunctionName: 'worker' }, { EventSourceArn: queueArn('jobs') }]) {
      const { EventSourceMappings } = await lambda.send(new ListEventSourceMappingsCommand(wanted));
      expect(EventSourceMappings).toMatchObject([
        { UUID, BatchSize: 3, State: 'Enabled', ScalingConfig: { MaximumConcurrency: 4 } },
      ]);
    }
  });
});
