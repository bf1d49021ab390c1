import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createAuthorizer } from '../../../local/iam/authorizer.ts';
import { iamService } from '../../../local/iam/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { sendQuery } from '../../support/query.ts';

let cloud: TestKernel;
const authorizer = createAuthorizer({ clock: { now: () => 0 } });
beforeEach(async () => {
  cloud = await startKernel({ services: [iamService(authorizer)], authorize: authorizer.authorize });
});
afterEach(() => cloud.stop());

const TRUST = policy({ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' });
const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
const ask = (action: string, parameters: Record<string, string> = {}) =>
  sendQuery(cloud.kernel.endpoint, { service: 'iam', action, RoleName: 'worker', ...parameters });
const create = () => ask('CreateRole', { AssumeRolePolicyDocument: TRUST });
const may = (action: string) => {
  const roleArn = 'arn:aws:iam::000000000000:role/worker';
  const principal = { kind: 'role', roleArn, arn: 'arn:aws:sts::000000000000:assumed-role/worker/s' } as const;
  try {
    authorizer.authorize(principal, [{ action, resource: 'arn:aws:s3:::data/a' }]);
    return true;
  } catch {
    return false;
  }
};

function policy(...Statement: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

test('a role that is created may nothing until a policy lets it', async () => {
  expect((await create()).body).toContain('<Arn>arn:aws:iam::000000000000:role/worker</Arn>');
  expect(may('s3:GetObject')).toBe(false);
  await ask('PutRolePolicy', {
    PolicyName: 'read',
    PolicyDocument: policy({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' }),
  });
  expect([may('s3:GetObject'), may('s3:PutObject')]).toEqual([true, false]);
  await ask('DeleteRolePolicy', { PolicyName: 'read' });
  expect(may('s3:GetObject')).toBe(false);
});

test("AWS's own AdministratorAccess may everything; one that is not known here is named", async () => {
  await create();
  await ask('AttachRolePolicy', { PolicyArn: ADMINISTRATOR });
  expect(may('s3:PutObject')).toBe(true);
  expect((await ask('ListAttachedRolePolicies')).body).toContain('<PolicyName>AdministratorAccess</PolicyName>');
  await ask('DetachRolePolicy', { PolicyArn: ADMINISTRATOR });
  expect(may('s3:PutObject')).toBe(false);
  const { status, body } = await ask('AttachRolePolicy', { PolicyArn: 'arn:aws:iam::aws:policy/PowerUserAccess' });
  expect([status, body]).toEqual([404, expect.stringContaining('PowerUserAccess does not exist')]);
});

test('roles are listed, shown with their trust, and gone when they are deleted', async () => {
  await create();
  await ask('CreateRole', { RoleName: 'other', Path: '/teams/', AssumeRolePolicyDocument: TRUST });
  const names = async (prefix?: string) => {
    const { body } = await ask('ListRoles', prefix === undefined ? {} : { PathPrefix: prefix });
    return [...body.matchAll(/<RoleName>(\w+)</g)].map(([, name]) => name);
  };
  expect([await names(), await names('/teams/')]).toEqual([['worker', 'other'], ['other']]);
  expect((await ask('GetRole')).body).toContain(encodeURIComponent('"lambda.amazonaws.com"'));
  expect((await ask('DeleteRole')).status).toBe(200);
  expect(await ask('GetRole')).toMatchObject({
    status: 404,
    body: expect.stringContaining('<Code>NoSuchEntity</Code>'),
  });
});

describe('what IAM refuses', () => {
  test.each([
    ['a second role of the name', 'CreateRole', { AssumeRolePolicyDocument: TRUST }, 'EntityAlreadyExists'],
    ['a policy that is no JSON', 'PutRolePolicy', { PolicyName: 'p', PolicyDocument: '{' }, 'MalformedPolicyDocument'],
    ['to delete a role that has policies', 'DeleteRole', {}, 'DeleteConflict'],
    ['users, which do not exist here', 'CreateUser', { UserName: 'u' }, 'LocalCloudUnsupported'],
  ])('%s', async (_what, action, parameters, code) => {
    await create();
    await ask('AttachRolePolicy', { PolicyArn: ADMINISTRATOR });
    expect((await ask(action, parameters)).body).toContain(`<Code>${code}</Code>`);
  });
});
