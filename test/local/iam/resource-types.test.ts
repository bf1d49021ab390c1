import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cloud, startCloud } from '../../../local/cloud.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { writeAssembly } from '../../support/assembly.ts';
import { sendQuery } from '../../support/query.ts';

let folder: string;
let cloud: Cloud;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-iam-'));
  cloud = await startCloud({ time: 'skip', services: [ssmService] });
});
afterEach(async () => {
  await cloud.stop();
  rmSync(folder, { recursive: true, force: true });
});

const trust = {
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
const may = (action: string, Resource: unknown = '*') => ({
  Statement: [{ Effect: 'Allow', Action: action, Resource }],
});
const role = (properties: Record<string, unknown> = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: { RoleName: 'trainer', AssumeRolePolicyDocument: trust, ...properties },
});
const inline = (action: string, properties: Record<string, unknown> = {}) => ({
  Type: 'AWS::IAM::Policy',
  Properties: { PolicyName: 'default', PolicyDocument: may(action), Roles: [{ Ref: 'Role' }], ...properties },
});

const deploy = (Resources: Record<string, unknown>) =>
  cloud.deploy(writeAssembly(folder, { dev: { App: { template: { Resources } } } }));

/** Whether the role may do something. */
function granted(action: string, roleName = 'trainer'): boolean {
  const { context } = cloud;
  try {
    context.authorize(context.rolePrincipal(`arn:aws:iam::000000000000:role/${roleName}`, 's'), [
      { action, resource: 'arn:aws:s3:::data/a' },
    ]);
    return true;
  } catch {
    return false;
  }
}

test('a policy of its own grants from the moment it is created until it is dropped', async () => {
  await deploy({ Role: role(), Policy: inline('s3:GetObject') });
  expect([granted('s3:GetObject'), granted('s3:PutObject')]).toEqual([true, false]);
  await deploy({ Role: role(), Policy: inline('s3:PutObject') });
  expect([granted('s3:GetObject'), granted('s3:PutObject')]).toEqual([false, true]);
  await deploy({ Role: role() });
  expect(granted('s3:PutObject')).toBe(false);
});

test('a policy that moves to another role leaves the first one', async () => {
  const both = { Role: role(), Other: role({ RoleName: 'other' }) };
  await deploy({ ...both, Policy: inline('s3:GetObject') });
  await deploy({ ...both, Policy: inline('s3:GetObject', { Roles: [{ Ref: 'Other' }] }) });
  expect([granted('s3:GetObject'), granted('s3:GetObject', 'other')]).toEqual([false, true]);
});

test('a change of the role keeps what other policies hung on it', async () => {
  await deploy({ Role: role(), Policy: inline('s3:GetObject') });
  await deploy({
    Role: role({ Policies: [{ PolicyName: 'own', PolicyDocument: may('s3:PutObject') }] }),
    Policy: inline('s3:GetObject'),
  });
  expect([granted('s3:GetObject'), granted('s3:PutObject')]).toEqual([true, true]);
  await deploy({ Role: role(), Policy: inline('s3:GetObject') });
  expect([granted('s3:GetObject'), granted('s3:PutObject')]).toEqual([true, false]);
});

test('a managed policy grants to the roles that have it, and follows its changes', async () => {
  const managed = (action: string) => ({
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: may(action), Roles: [{ Ref: 'Role' }] },
  });
  await deploy({ Role: role(), Managed: managed('s3:GetObject') });
  expect(granted('s3:GetObject')).toBe(true);
  await deploy({ Role: role({ Description: 'changed' }), Managed: managed('s3:PutObject') });
  expect([granted('s3:GetObject'), granted('s3:PutObject')]).toEqual([false, true]);
});

describe('what a role cannot be given', () => {
  const managedArn = 'arn:aws:iam::aws:policy/PowerUserAccess';
  test.each<[string, Record<string, unknown>, string]>([
    [
      'a managed policy that is not known',
      { Role: role({ ManagedPolicyArns: [managedArn] }) },
      `does not implement the managed policy ${managedArn}`,
    ],
    [
      'more inline policy than IAM holds',
      {
        Role: role(),
        Policy: inline('s3:GetObject', { PolicyDocument: may('s3:GetObject', `arn:aws:s3:::${'x'.repeat(10_240)}`) }),
      },
      'Maximum policy size of 10240 bytes exceeded for role trainer',
    ],
    ['a permissions boundary', { Role: role({ PermissionsBoundary: managedArn }) }, 'the property PermissionsBoundary'],
    ['a name that is taken', { Role: role(), Twin: role() }, 'Role with name trainer already exists.'],
  ])('%s', async (_, resources, message) => {
    await expect(deploy(resources)).rejects.toThrow(message);
  });
});

test('the API tells about roles as the CLI and Terraform read them', async () => {
  await deploy({ Role: role(), Policy: inline('s3:GetObject') });
  const ask = (action: string, more: Record<string, string> = {}) =>
    sendQuery(cloud.endpoint, { service: 'iam', action, RoleName: 'trainer', ...more });
  expect((await ask('GetRole')).body).toContain('<Arn>arn:aws:iam::000000000000:role/trainer</Arn>');
  expect((await ask('ListRolePolicies')).body).toContain('<PolicyNames><member>default</member></PolicyNames>');
  const { body } = await ask('GetRolePolicy', { PolicyName: 'default' });
  const [, encoded = ''] = /<PolicyDocument>(.*)<\/PolicyDocument>/.exec(body) ?? [];
  expect(JSON.parse(decodeURIComponent(encoded))).toEqual(may('s3:GetObject'));
  expect((await ask('ListAttachedRolePolicies')).body).toContain('<AttachedPolicies></AttachedPolicies>');
  const gone = await sendQuery(cloud.endpoint, { service: 'iam', action: 'GetRole', RoleName: 'gone' });
  expect(gone).toMatchObject({ status: 404, body: expect.stringContaining('<Code>NoSuchEntity</Code>') });
});
