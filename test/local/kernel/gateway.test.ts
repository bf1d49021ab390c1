import { request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stsService } from '../../../local/sts/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
beforeAll(async () => {
  cloud = await startKernel({
    services: [stsService],
    control: async ({ rawPath }) => (rawPath === '/_sluice/health' ? { status: 200, body: 'well' } : undefined),
  });
});
afterAll(() => cloud.stop());

/** fetch() sets Host itself. */
function get(headers: Record<string, string>, path = '/_sluice/health'): Promise<{ status: number; body: string }> {
  const { port } = new URL(cloud.kernel.endpoint);
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, path, headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
    });
    outgoing.on('error', reject).end();
  });
}

describe('who may talk to the port', () => {
  test.each(['127.0.0.1', 'localhost', 'data.s3.localhost', '[::1]'])('the host %s is answered', async (host) => {
    expect(await get({ host: `${host}:1234` })).toEqual({ status: 200, body: 'well' });
  });

  test.each(['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example', '10.0.0.1', ''])(
    'the host "%s" is refused: a page may have rebound its name to the loopback',
    async (host) => {
      const { status, body } = await get({ host: host === '' ? ' ' : `${host}:80` });
      expect(status).toBe(403);
      expect(body).toContain('ForbiddenHost');
    },
  );

  test.each(['https://evil.example', 'null', 'http://localhost.evil.example'])(
    'a page of %s is refused',
    async (origin) => {
      expect((await get({ host: 'localhost', origin })).status).toBe(403);
    },
  );

  test('a page of this machine is answered, without leave for others to read', async () => {
    expect((await get({ host: 'localhost', origin: 'http://localhost:5173' })).status).toBe(200);
  });

  test('nothing listens on the other interfaces', async () => {
    const { port } = new URL(cloud.kernel.endpoint);
    const others = Object.values(networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of others) {
      await expect(fetch(`http://${address}:${port}/_sluice/health`)).rejects.toThrow();
    }
  });
});

describe('what the port wants to see', () => {
  const client = (accessKeyId: string) =>
    new STSClient({ ...cloud.client, credentials: { accessKeyId, secretAccessKey: 'secret' } });

  test.each(['AKIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE'])(
    'the key %s, which looks like a real one, is refused',
    async (key) => {
      await expect(client(key).send(new GetCallerIdentityCommand({}))).rejects.toThrow(
        expect.objectContaining({ name: 'InvalidClientTokenId', message: expect.stringContaining('real AWS account') }),
      );
    },
  );

  test('any other key is the person at the keyboard', async () => {
    const { Arn: arn } = await client('test').send(new GetCallerIdentityCommand({}));
    expect(arn).toBe('arn:aws:iam::000000000000:user/test');
  });

  test('a request without a signature is refused', async () => {
    const { status, body } = await get({ host: 'localhost' }, '/');
    expect(status).toBe(403);
    expect(body).toContain('MissingAuthenticationToken');
  });

  test('a service that does not exist is named', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/quicksight/aws4_request';
    const { status, body } = await get({ host: 'localhost', authorization }, '/');
    expect(status).toBe(501);
    expect(body).toContain('does not implement the service \\"quicksight\\"');
  });

  test('a service of the query protocol that does not exist is named in XML', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260105/us-east-1/ec2/aws4_request';
    const form = { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' };
    const { status, body } = await get({ host: 'localhost', authorization, ...form }, '/');
    expect(status).toBe(501);
    expect(body).toMatch(/<Response><Errors><Error><Code>LocalCloudUnsupported<.*the service &quot;ec2&quot;/s);
  });

  test('an unknown path of the control endpoint is not found', async () => {
    expect((await get({ host: 'localhost' }, '/_sluice/nothing')).status).toBe(404);
  });
});
