import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import type { Principal } from '../../../local/iam/principal.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { requireKey } from '../../../local/kms/keys.ts';
import { kmsService } from '../../../local/kms/service.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { writeAssembly } from '../../support/assembly.ts';

let folder: string;
let cloud: Cloud;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-kms-'));
  cloud = await startCloud({ time: 'skip', services: [ssmService, kmsService] });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const statements = [
  {
    Effect: 'Allow',
    Principal: { AWS: { 'Fn::Sub': 'arn:aws:iam::${AWS::AccountId}:root' } },
    Action: 'kms:*',
    Resource: '*',
  },
  {
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    Resource: '*',
    Condition: { StringEquals: { 'kms:ViaService': 'sqs.us-east-1.amazonaws.com' } },
  },
  {
    Effect: 'Allow',
    Principal: { Service: 'logs.us-east-1.amazonaws.com' },
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:us-east-1:*:log-group:/sluice/*' } },
  },
];

async function deploy(resources: Record<string, unknown> = {}, protectedBy = statements): Promise<string> {
  const Resources = {
    Key: { Type: 'AWS::KMS::Key', Properties: { KeyPolicy: { Statement: protectedBy }, EnableKeyRotation: true } },
    Alias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/data', TargetKeyId: { Ref: 'Key' } } },
    ...resources,
  };
  const Outputs = { KeyArn: { Value: { 'Fn::GetAtt': ['Key', 'Arn'] } } };
  const template = { Resources, Outputs };
  const { outputs } = await cloud.deploy(writeAssembly(folder, { dev: { App: { template } } }));
  return outputs.App?.KeyArn ?? '';
}

const service = (name: string): Principal => ({
  kind: 'service',
  service: name,
  sourceArn: 'arn:aws:events:us-east-1:000000000000:rule/x',
  sourceAccount: '000000000000',
});
const call = (action: string, input: Document): Promise<Document> => {
  const { context } = cloud;
  const operator: Principal = { kind: 'operator', arn: 'arn:aws:iam::000000000000:user/test' };
  return context.clock.run('test', (work) => context.call(operator, 'kms', action, input, work));
};

describe('using a key through a service', () => {
  const decrypt = { actions: ['kms:Decrypt'], via: 'sqs' };

  test('is granted by the key policy, for the service and the way it names', async () => {
    const key = await deploy();
    const events = service('events.amazonaws.com');
    expect(() => requireKey(cloud.context, events, { key, ...decrypt })).not.toThrow();
    expect(() => requireKey(cloud.context, events, { key: 'alias/data', ...decrypt })).not.toThrow();
    expect(() => requireKey(cloud.context, events, { key, ...decrypt, via: 's3' })).toThrow('kms:Decrypt');
    expect(() => requireKey(cloud.context, service('sns.amazonaws.com'), { key, ...decrypt })).toThrow('kms:Decrypt');
  });

  test('may depend on what is encrypted', async () => {
    const key = await deploy();
    const logs = service('logs.us-east-1.amazonaws.com');
    const group = (name: string) => ({ 'aws:logs:arn': `arn:aws:logs:us-east-1:000000000000:log-group:${name}` });
    const use = { key, actions: ['kms:Decrypt'], via: 'logs' };
    expect(() => requireKey(cloud.context, logs, { ...use, encryptionContext: group('/sluice/a') })).not.toThrow();
    expect(() => requireKey(cloud.context, logs, { ...use, encryptionContext: group('/other') })).toThrow(
      'kms:Decrypt',
    );
    expect(() => requireKey(cloud.context, logs, use)).toThrow('kms:Decrypt');
  });

  test('needs a permission of the role where the key leaves it to the account', async () => {
    const key = await deploy({
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'reader',
          AssumeRolePolicyDocument: {
            Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
          },
          Policies: [
            {
              PolicyName: 'p',
              PolicyDocument: {
                Statement: [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: { 'Fn::GetAtt': ['Key', 'Arn'] } }],
              },
            },
          ],
        },
      },
    });
    const reader = cloud.context.rolePrincipal('arn:aws:iam::000000000000:role/reader', 's');
    expect(() => requireKey(cloud.context, reader, { key, ...decrypt })).not.toThrow();
    const write = { key, actions: ['kms:GenerateDataKey'], via: 'sqs', code: 'AccessDenied' };
    expect(() => requireKey(cloud.context, reader, write)).toThrow(
      expect.objectContaining({ name: 'AccessDenied', message: expect.stringContaining('no identity-based policy') }),
    );
  });

  test("of AWS's own keys is free", () => {
    expect(() =>
      requireKey(cloud.context, service('events.amazonaws.com'), { key: 'alias/aws/sqs', ...decrypt }),
    ).not.toThrow();
  });
});

test('a key that is deleted waits, and cannot be used meanwhile', async () => {
  const key = await deploy();
  await cloud.deploy(writeAssembly(folder, { dev: { App: { template: { Resources: { P: parameter } } } } }));
  const { KeyMetadata: metadata } = await call('DescribeKey', { KeyId: key });
  expect(metadata).toMatchObject({ KeyState: 'PendingDeletion', Enabled: false });
  const use = { key, actions: ['kms:Decrypt'], via: 'sqs' };
  expect(() => requireKey(cloud.context, service('events.amazonaws.com'), use)).toThrow('is pending deletion');
});

test('keys and aliases can be looked at', async () => {
  const key = await deploy();
  expect((await call('DescribeKey', { KeyId: 'alias/data' })).KeyMetadata).toMatchObject({
    Arn: key,
    KeyState: 'Enabled',
    KeyManager: 'CUSTOMER',
  });
  expect((await call('ListAliases', {})).Aliases).toMatchObject([{ AliasName: 'alias/data' }]);
  expect((await call('ListKeys', {})).Keys).toMatchObject([{ KeyArn: key }]);
  await expect(call('DescribeKey', { KeyId: 'alias/gone' })).rejects.toMatchObject({ name: 'NotFoundException' });
});

const parameter = { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: 'x' } };
