import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { stsService } from '../../../local/sts/service.ts';
import { writeAssembly } from '../../support/assembly.ts';

const ROLE = 'arn:aws:iam::000000000000:role/auditor';
let folder: string;
let cloud: Cloud;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-sts-'));
  cloud = await startCloud({ time: 'skip', services: [ssmService, stsService] });
  const role = (RoleName: string, Principal: unknown) => ({
    Type: 'AWS::IAM::Role',
    Properties: {
      RoleName,
      AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Principal, Action: 'sts:AssumeRole' }] },
    },
  });
  const Resources = {
    Auditor: role('auditor', { AWS: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' } }),
    Worker: role('worker', { Service: 'lambda.amazonaws.com' }),
  };
  await cloud.deploy(writeAssembly(folder, { dev: { App: { template: { Resources } } } }));
});
afterAll(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const client = (credentials = { accessKeyId: 'test', secretAccessKey: 'test' }) =>
  new STSClient({ endpoint: cloud.endpoint, region: 'us-east-1', credentials });

test('a role that trusts the account can be assumed, and its session is somebody else', async () => {
  const { Credentials: issued, AssumedRoleUser: user } = await client().send(
    new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'me' }),
  );
  const session = client({ accessKeyId: issued?.AccessKeyId ?? '', secretAccessKey: issued?.SecretAccessKey ?? '' });
  const { Arn: arn, Account: account } = await session.send(new GetCallerIdentityCommand({}));
  expect([arn, account]).toEqual(['arn:aws:sts::000000000000:assumed-role/auditor/me', '000000000000']);
  expect(user?.Arn).toBe(arn);
  expect(issued?.Expiration?.getTime()).toBeGreaterThan(cloud.clock.now());
});

test('a role that trusts a service only is refused', async () => {
  const sent = client().send(
    new AssumeRoleCommand({ RoleArn: ROLE.replace('auditor', 'worker'), RoleSessionName: 'me' }),
  );
  await expect(sent).rejects.toMatchObject({
    name: 'AccessDenied',
    message: expect.stringContaining('is not authorized to perform: sts:AssumeRole on resource:'),
  });
});

test('a session policy is not implemented, and said so', async () => {
  const sent = client().send(new AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'me', Policy: '{}' }));
  await expect(sent).rejects.toThrow('does not implement Policy of AssumeRole');
});
