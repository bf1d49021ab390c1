import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  LambdaClient,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, ROLE } from '../../support/lambda.ts';
import { handlerRole } from '../../support/roles.ts';

const role = handlerRole();
let cloud: TestKernel;
let lambda: LambdaClient;
let url: string;
beforeAll(async () => {
  cloud = await startKernel({ services: [lambdaService], authorize: role.authorize });
  lambda = new LambdaClient(cloud.client);
  const source = `exports.handler = async (event) => {
    if (event.rawPath === '/throw') throw new Error('no');
    if (event.rawPath === '/text') return 'plain';
    if (event.rawPath === '/status') return { statusCode: 418, headers: { 'X-Kind': 'teapot', 'Content-Type': 'text/plain' }, body: 'short', cookies: ['a=1'] };
    if (event.rawPath === '/binary') return { statusCode: 200, isBase64Encoded: true, headers: { 'content-type': 'image/png' }, body: Buffer.from([1, 2, 255]).toString('base64') };
    if (event.rawPath === '/invalid') return { statusCode: 'many' };
    return event;
  };`;
  await createFunction(lambda, 'predict', source);
  await lambda.send(new PublishVersionCommand({ FunctionName: 'predict' }));
  await lambda.send(new CreateAliasCommand({ FunctionName: 'predict', Name: 'live', FunctionVersion: '1' }));
  const created = await lambda.send(
    new CreateFunctionUrlConfigCommand({ FunctionName: 'predict', Qualifier: 'live', AuthType: 'AWS_IAM' }),
  );
  url = created.FunctionUrl ?? '';
});
afterAll(() => cloud.stop());

interface Request {
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  readonly accessKeyId?: string;
}

/** A request in the name of an access key. Who signs is what counts: signatures themselves are not checked. */
function call(path = '', { body, headers = {}, accessKeyId = 'test' }: Request = {}): Promise<Response> {
  const scope = `Credential=${accessKeyId}/20260105/us-east-1/lambda/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 ${scope}, SignedHeaders=host, Signature=none`;
  return fetch(new URL(path, url), {
    method: body === undefined ? 'GET' : 'POST',
    headers: { ...headers, authorization },
    body,
  });
}

describe('a function URL', () => {
  test('refuses whoever does not sign', async () => {
    const answer = await fetch(url);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ Message: 'Forbidden' });
  });

  test('gives the request to the function in payload format 2.0', async () => {
    const headers = { 'content-type': 'application/json', cookie: 'a=1; b=2' };
    const answer = await call('some/path?x=1&y=two%20words', { body: '{"instances":[]}', headers });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/some/path',
      rawQueryString: 'x=1&y=two%20words',
      cookies: ['a=1', 'b=2'],
      headers: { 'content-type': 'application/json' },
      queryStringParameters: { x: '1', y: 'two words' },
      requestContext: {
        http: { method: 'POST', path: '/some/path', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' },
        authorizer: { iam: { userArn: 'arn:aws:iam::000000000000:user/test' } },
        stage: '$default',
        time: expect.stringMatching(/^05\/Jan\/2026:00:00:\d\d \+0000$/),
      },
      body: '{"instances":[]}',
      isBase64Encoded: false,
    });
  });

  test('gives binary bodies as base64', async () => {
    const answer = await call('', {
      body: new Uint8Array([0, 255]),
      headers: { 'content-type': 'application/octet-stream' },
    });
    expect(await answer.json()).toMatchObject({ body: 'AP8=', isBase64Encoded: true });
  });

  test('answers with the status, headers, cookies and body that the function gives', async () => {
    const answer = await call('status');
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-kind')).toBe('teapot');
    expect(answer.headers.get('set-cookie')).toBe('a=1');
    expect(await answer.text()).toBe('short');
    expect(new Uint8Array(await (await call('binary')).arrayBuffer())).toEqual(new Uint8Array([1, 2, 255]));
  });

  test('answers anything else with 200 and JSON', async () => {
    const answer = await call('text');
    expect([answer.status, await answer.text()]).toEqual([200, '"plain"']);
  });

  test.each(['throw', 'invalid'])('answers 502 when the function fails (%s)', async (path) => {
    const answer = await call(path);
    expect(answer.status).toBe(502);
    expect(await answer.json()).toEqual({ Message: 'Internal Server Error' });
  });

  test('refuses a role until both of its permissions are granted', async () => {
    const { accessKeyId } = cloud.kernel.context.roleCredentials(ROLE, 'client');
    const asRole = async () => (await call('', { accessKeyId })).status;
    expect(await asRole()).toBe(403);
    const permission = { FunctionName: 'predict', Qualifier: 'live', Principal: ROLE };
    await lambda.send(
      new AddPermissionCommand({
        ...permission,
        StatementId: 'url',
        Action: 'lambda:InvokeFunctionUrl',
        FunctionUrlAuthType: 'AWS_IAM',
      }),
    );
    expect(await asRole()).toBe(403);
    await lambda.send(
      new AddPermissionCommand({
        ...permission,
        StatementId: 'invoke',
        Action: 'lambda:InvokeFunction',
        InvokedViaFunctionUrl: true,
      }),
    );
    expect(await asRole()).toBe(200);
  });

  test.each([
    ['AuthType', { AuthType: 'NONE' as const }],
    ['InvokeMode', { AuthType: 'AWS_IAM' as const, InvokeMode: 'RESPONSE_STREAM' as const }],
    ['Cors', { AuthType: 'AWS_IAM' as const, Cors: { AllowOrigins: ['*'] } }],
  ])('cannot have another %s', async (what, settings) => {
    await expect(
      lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'predict', ...settings })),
    ).rejects.toMatchObject({ name: 'LocalCloudUnsupported', message: expect.stringContaining(what) });
  });
});
