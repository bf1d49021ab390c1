import { LambdaClient, UpdateFunctionConfigurationCommand, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { sqsService } from '../../../local/sqs/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke } from '../../support/lambda.ts';

let cloud: TestKernel;
let lambda: LambdaClient;
beforeAll(async () => {
  vi.stubEnv('AWS_PROFILE', 'personal');
  vi.stubEnv('NPM_TOKEN', 'of-the-host');
  cloud = await startKernel({ services: [lambdaService, sqsService] });
  lambda = new LambdaClient(cloud.client);
});
afterAll(() => cloud.stop());

test('the environment is what Lambda sets and what the function declares, and nothing of the host', async () => {
  const settings = { Environment: { Variables: { TABLE: 'registry' } }, MemorySize: 256 };
  await createFunction(lambda, 'env', 'exports.handler = async () => process.env;', settings);
  const { value } = await invoke(lambda, 'env');
  expect(Object.keys(value).sort()).toMatchInlineSnapshot(`
    [
      "AWS_ACCESS_KEY_ID",
      "AWS_DEFAULT_REGION",
      "AWS_EC2_METADATA_DISABLED",
      "AWS_ENDPOINT_URL",
      "AWS_EXECUTION_ENV",
      "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
      "AWS_LAMBDA_FUNCTION_NAME",
      "AWS_LAMBDA_FUNCTION_VERSION",
      "AWS_LAMBDA_INITIALIZATION_TYPE",
      "AWS_LAMBDA_LOG_GROUP_NAME",
      "AWS_LAMBDA_LOG_STREAM_NAME",
      "AWS_REGION",
      "AWS_SECRET_ACCESS_KEY",
      "AWS_SESSION_TOKEN",
      "AWS_XRAY_CONTEXT_MISSING",
      "AWS_XRAY_DAEMON_ADDRESS",
      "HOME",
      "LAMBDA_RUNTIME_DIR",
      "LAMBDA_TASK_ROOT",
      "LANG",
      "NODE_PATH",
      "PATH",
      "TABLE",
      "TMPDIR",
      "TZ",
      "_HANDLER",
      "_X_AMZN_TRACE_ID",
    ]
  `);
  expect(value).toMatchObject({
    TABLE: 'registry',
    AWS_ENDPOINT_URL: cloud.kernel.endpoint,
    AWS_LAMBDA_FUNCTION_NAME: 'env',
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    TZ: ':UTC',
  });
});

test('the context says who is called, and how much time is left', async () => {
  const source = `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis() });`;
  await createFunction(lambda, 'context', source, { Timeout: 20 });
  const { value, log } = await invoke(lambda, 'context');
  expect(value).toMatchObject({
    functionName: 'context',
    functionVersion: '$LATEST',
    memoryLimitInMB: '128',
    invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:context',
    logGroupName: '/aws/lambda/context',
  });
  expect(value.logStreamName).toMatch(/^2026\/01\/05\/\[\$LATEST\][0-9a-f]{32}$/);
  expect(log).toContain(`START RequestId: ${value.awsRequestId} Version: $LATEST`);
  expect(value.left).toBeGreaterThan(15_000);
  expect(value.left).toBeLessThanOrEqual(20_000);
});

describe('the network', () => {
  const source = `const net = require('node:net'), dgram = require('node:dgram');
    const connect = (options) => new Promise((resolve) => net.connect(options).once('error', (error) => resolve(error.message)));
    exports.handler = async ({ kind }) => {
      if (kind === 'fetch') return fetch('https://s3.amazonaws.com/').catch((error) => error.cause.message);
      if (kind === 'https') return new Promise((resolve) => require('node:https').get('https://example.com').on('error', (error) => resolve(error.message)));
      if (kind === 'sdk') {
        const { SQSClient, ListQueuesCommand } = require('@aws-sdk/client-sqs');
        const real = new SQSClient({ endpoint: 'https://sqs.us-east-1.amazonaws.com' });
        return real.send(new ListQueuesCommand({})).catch((error) => error.message);
      }
      if (kind === 'metadata') return connect({ host: '169.254.169.254', port: 80 });
      if (kind === 'numbers') return connect({ port: 80, host: '::ffff:10.0.0.1' });
      return new Promise((resolve) => dgram.createSocket('udp4').send('x', 53, '8.8.8.8', (error) => resolve(error.message)));
    };`;
  beforeAll(() => createFunction(lambda, 'network', source));

  test.each([
    ['fetch', 's3.amazonaws.com'],
    ['https', 'example.com'],
    ['sdk', 'sqs.us-east-1.amazonaws.com'],
    ['metadata', '169.254.169.254'],
    ['numbers', '::ffff:10.0.0.1'],
    ['udp', '8.8.8.8'],
  ])('ends at the machine (%s)', async (kind, host) => {
    const { value } = await invoke(lambda, 'network', { kind });
    expect(value).toContain('The local cloud lets its functions reach nothing but itself');
    expect(value).toContain(host);
  });

  test('leads the SDK of the runtime to the cloud, as the role of the function', async () => {
    const sqs = new SQSClient(cloud.client);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'orders' }));
    const source = `const { SQSClient, SendMessageCommand, ReceiveMessageCommand } = require('@aws-sdk/client-sqs');
      const sqs = new SQSClient({});
      exports.handler = async ({ QueueUrl }) => {
        await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'from inside' }));
        const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, AttributeNames: ['SenderId'] }));
        return Messages[0];
      };`;
    await createFunction(lambda, 'sends', source, { Timeout: 10 });
    const { value } = await invoke(lambda, 'sends', { QueueUrl });
    expect(value).toMatchObject({ Body: 'from inside', Attributes: { SenderId: 'handler:sends' } });
  });
});

test('a handler sees the time of the cloud, in a warm process, too', async () => {
  const source = `exports.handler = async () => ({ pid: process.pid, now: Date.now(), text: new Date().toISOString(),
    plain: typeof Date(), is: new Date() instanceof Date, given: new Date(0).getTime(), own: new Date().constructor === Date });`;
  await createFunction(lambda, 'time', source);
  const first = await invoke(lambda, 'time');
  const days = 30 * 86_400_000;
  await cloud.clock.advance(days);
  const second = await invoke(lambda, 'time');
  expect(second.value.pid).toBe(first.value.pid);
  expect(second.value.now - first.value.now).toBeGreaterThanOrEqual(days);
  expect(Math.abs(second.value.now - cloud.clock.now())).toBeLessThan(60_000);
  expect(second.value).toMatchObject({ plain: 'string', is: true, given: 0, own: true });
  expect(second.value.text.slice(0, 7)).toBe('2026-02');
});

test('concurrent invocations have processes of their own, which serve again', async () => {
  const source = `const { writeFileSync, readdirSync } = require('node:fs'), { tmpdir } = require('node:os');
    exports.handler = async ({ wait }) => {
      writeFileSync(tmpdir() + '/' + process.pid, '');
      await new Promise((resolve) => setTimeout(resolve, wait));
      return { pid: process.pid, files: readdirSync(tmpdir()).filter((name) => /^\\d+$/.test(name)) };
    };`;
  await createFunction(lambda, 'many', source);
  const [a, b] = await Promise.all([invoke(lambda, 'many', { wait: 200 }), invoke(lambda, 'many', { wait: 200 })]);
  expect(a.value.pid).not.toBe(b.value.pid);
  expect(a.value.files).toEqual([String(a.value.pid)]);
  const again = await invoke(lambda, 'many', { wait: 0 });
  expect([a.value.pid, b.value.pid]).toContain(again.value.pid);
});

test('a changed configuration reaches the next invocation', async () => {
  const source = 'exports.handler = async () => process.env.MODE;';
  await createFunction(lambda, 'modes', source, { Environment: { Variables: { MODE: 'one' } } });
  expect((await invoke(lambda, 'modes')).value).toBe('one');
  const change = { FunctionName: 'modes', Environment: { Variables: { MODE: 'two' } } };
  const { LastUpdateStatus } = await lambda.send(new UpdateFunctionConfigurationCommand(change));
  expect(LastUpdateStatus).toBe('InProgress');
  await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 10, minDelay: 1 }, { FunctionName: 'modes' });
  expect((await invoke(lambda, 'modes')).value).toBe('two');
});
