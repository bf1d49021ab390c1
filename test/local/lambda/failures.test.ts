import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke } from '../../support/lambda.ts';

let cloud: TestKernel;
let lambda: LambdaClient;
beforeAll(async () => {
  cloud = await startKernel({ services: [lambdaService] });
  lambda = new LambdaClient(cloud.client);
});
afterAll(() => cloud.stop());

const handler = (body: string) => `exports.handler = async (event, context) => { ${body} };`;

describe('a handler that', () => {
  test('throws gives its error, and the process goes on', async () => {
    const source = `let calls = 0;
      class InvalidDataset extends Error { get name() { return 'Sluice.InvalidDataset'; } }
      exports.handler = async () => { calls++; throw new InvalidDataset('call ' + calls); };`;
    await createFunction(lambda, 'throws', source);
    const first = await invoke(lambda, 'throws');
    expect(first).toMatchObject({
      error: 'Unhandled',
      value: { errorType: 'Sluice.InvalidDataset', errorMessage: 'call 1' },
    });
    expect(first.value.trace[0]).toContain('call 1');
    expect(first.log).toContain('ERROR\tInvoke Error');
    expect((await invoke(lambda, 'throws')).value.errorMessage).toBe('call 2');
  });

  test('throws something that is no error gives its type and text', async () => {
    await createFunction(lambda, 'throws-text', handler(`throw 'no';`));
    expect((await invoke(lambda, 'throws-text')).value).toEqual({ errorType: 'string', errorMessage: 'no', trace: [] });
  });

  test('takes too long is killed with what it started, and says for how long it ran', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const closed = new Promise((resolve) =>
      server.once('connection', (socket) => socket.on('error', resolve).on('close', resolve).resume()),
    );
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const source = `const { spawn } = require('node:child_process');
      exports.handler = async () => {
        spawn(process.execPath, ['-e', 'require("node:net").connect(${port})'], { stdio: 'inherit' });
        await new Promise((resolve) => setTimeout(resolve, 600_000));
      };`;
    await createFunction(lambda, 'slow', source, { Timeout: 1 });
    const { error, value, log } = await invoke(lambda, 'slow');
    expect(error).toBe('Unhandled');
    expect(value.errorType).toBe('Sandbox.Timedout');
    expect(value.errorMessage).toMatch(/^RequestId: [0-9a-f-]{36} Error: Task timed out after 1\.00 seconds$/);
    expect(log).toContain('Status: timeout');
    await closed;
    server.close();
  });

  test('never yields is killed, too', async () => {
    await createFunction(lambda, 'busy', handler('for (;;);'), { Timeout: 1 });
    expect((await invoke(lambda, 'busy')).value.errorType).toBe('Sandbox.Timedout');
  });

  test.each([
    [
      'buffers',
      `const all = []; for (;;) { all.push(Buffer.alloc(8e6, 1)); await new Promise((go) => setTimeout(go, 5)); }`,
    ],
    ['objects', `const all = []; for (;;) all.push(new Array(1e5).fill({}).map((_, at) => ({ at })));`],
  ])('takes more memory than it has, in %s, is killed', async (kind, body) => {
    await createFunction(lambda, `memory-${kind}`, handler(body), { MemorySize: 128, Timeout: 60 });
    const { error, value, log } = await invoke(lambda, `memory-${kind}`);
    expect(error).toBe('Unhandled');
    expect(value.errorType).toBe('Runtime.OutOfMemory');
    expect(value.errorMessage).toMatch(/Error: Runtime exited with error: signal: killed$/);
    expect(log).toContain('Error Type: Runtime.OutOfMemory');
  });

  test.each([
    ['with 0', 'process.exit(0);', 'Runtime exited without providing a reason'],
    ['with 7', 'process.exit(7);', 'Runtime exited with error: exit status 7'],
    [
      'by a signal',
      `process.kill(process.pid, 'SIGTERM'); await new Promise(() => setInterval(() => 0, 1e6));`,
      'Runtime exited with error: signal: term',
    ],
    ['because it waits for nothing', 'await new Promise(() => {});', 'Runtime exited without providing a reason'],
  ])('exits %s is an ExitError, and the next call has a new process', async (how, body, message) => {
    const name = `exit-${how.replaceAll(' ', '-')}`;
    await createFunction(lambda, name, handler(`if (event.ok) return 'fine'; ${body}`));
    const { value } = await invoke(lambda, name);
    expect(value.errorType).toBe('Runtime.ExitError');
    expect(value.errorMessage).toContain(`Error: ${message}`);
    expect((await invoke(lambda, name, { ok: true })).value).toBe('fine');
  });

  test('leaves a rejection unhandled fails with it', async () => {
    await createFunction(
      lambda,
      'rejects',
      handler(`Promise.reject(new Error('lost')); await new Promise((go) => setTimeout(go, 5000));`),
      { Timeout: 10 },
    );
    expect((await invoke(lambda, 'rejects')).value).toMatchObject({
      errorType: 'Runtime.UnhandledPromiseRejection',
      errorMessage: 'Error: lost',
    });
  });

  test.each([
    [
      'what is no JSON',
      'return 1n;',
      { errorType: 'Runtime.JSONStringifyError', errorMessage: 'Unable to stringify response body' },
    ],
    [
      'more than 6 MB',
      `return 'x'.repeat(6_291_557);`,
      {
        errorType: 'Function.ResponseSizeTooLarge',
        errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
      },
    ],
  ])('gives back %s fails', async (what, body, expected) => {
    const name = `answers-${what.replaceAll(' ', '-')}`;
    await createFunction(lambda, name, handler(body));
    expect(await invoke(lambda, name)).toMatchObject({ error: 'Unhandled', value: expected });
  });

  test('gives back nothing answers null', async () => {
    await createFunction(lambda, 'nothing', handler(''));
    expect(await invoke(lambda, 'nothing')).toMatchObject({ error: undefined, value: null });
  });
});

describe('code that cannot be loaded', () => {
  test.each([
    ['a missing module', `require('./missing');`, 'index.handler', 'Runtime.ImportModuleError'],
    ['a missing file', '', 'other.handler', 'Runtime.ImportModuleError'],
    ['a missing export', 'exports.other = 1;', 'index.handler', 'Runtime.HandlerNotFound'],
    ['a syntax error', 'exports.handler = async () => {', 'index.handler', 'Runtime.UserCodeSyntaxError'],
    ['an error while loading', `throw new TypeError('config');`, 'index.handler', 'TypeError'],
    ['an exit while loading', 'process.exit(3);', 'index.handler', 'Runtime.ExitError'],
    ['a malformed name', 'exports.handler = async () => 1;', 'index', 'Runtime.MalformedHandlerName'],
    [
      'callback style',
      'exports.handler = (event, context, callback) => callback(null, 1);',
      'index.handler',
      'Runtime.CallbackHandlerDeprecated',
    ],
    [
      'response streaming',
      'exports.handler = awslambda.streamifyResponse(async () => 1);',
      'index.handler',
      'LocalCloudUnsupported',
    ],
  ])('for %s fails each call with its reason', async (why, source, Handler, errorType) => {
    const name = `init-${why.replaceAll(' ', '-')}`;
    await createFunction(lambda, name, source, { Handler });
    for (const _ of [1, 2]) {
      expect(await invoke(lambda, name)).toMatchObject({ error: 'Unhandled', value: { errorType } });
    }
  });
});

describe('a request', () => {
  test.each([
    ['is not JSON', '{', 'RequestResponse', 'InvalidRequestContentException'],
    ['is larger than 6 MB', `"${'x'.repeat(6_291_456)}"`, 'RequestResponse', 'RequestTooLargeException'],
    ['is larger than 1 MB and asynchronous', `"${'x'.repeat(1_048_576)}"`, 'Event', 'RequestTooLargeException'],
  ] as const)('that %s is refused', async (_, Payload, InvocationType, name) => {
    const call = lambda.send(new InvokeCommand({ FunctionName: 'nothing', Payload, InvocationType }));
    await expect(call).rejects.toMatchObject({ name });
  });

  test('for a function that does not exist is told its ARN', async () => {
    await expect(invoke(lambda, 'nobody')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: 'Function not found: arn:aws:lambda:us-east-1:000000000000:function:nobody',
    });
  });
});
