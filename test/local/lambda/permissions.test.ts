import {
  AddPermissionCommand,
  CreateAliasCommand,
  GetPolicyCommand,
  LambdaClient,
  PublishVersionCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lambdaService } from '../../../local/lambda/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, ROLE } from '../../support/lambda.ts';
import { handlerRole } from '../../support/roles.ts';

const FunctionName = 'intake';
const arn = 'arn:aws:lambda:us-east-1:000000000000:function:intake';
const role = handlerRole();
let cloud: TestKernel;
let lambda: LambdaClient;
beforeAll(async () => {
  cloud = await startKernel({ services: [lambdaService], authorize: role.authorize });
  lambda = new LambdaClient(cloud.client);
  await createFunction(lambda, FunctionName, 'exports.handler = async () => 1;');
  await lambda.send(new PublishVersionCommand({ FunctionName }));
  await lambda.send(new CreateAliasCommand({ FunctionName, Name: 'live', FunctionVersion: '1' }));
});
afterAll(() => cloud.stop());

type Principal = Parameters<typeof cloud.kernel.context.call>[0];
const rule = (name: string): Principal => ({
  kind: 'service',
  service: 'events.amazonaws.com',
  sourceArn: `arn:aws:events:us-east-1:000000000000:rule/${name}`,
  sourceAccount: '000000000000',
});

/** What comes of a dry run as somebody. */
const tries = (principal: Principal, Qualifier?: string) =>
  cloud.clock.run('test', (work) =>
    cloud.kernel.context
      .call(principal, 'lambda', 'Invoke', { FunctionName, Qualifier, InvocationType: 'DryRun' }, work)
      .then(() => 'allowed')
      .catch((error) => error.code),
  );

test('a service may invoke what a permission names, for the source that it names', async () => {
  const permission = { FunctionName, Qualifier: 'live', StatementId: 'uploads', Action: 'lambda:InvokeFunction' };
  const SourceArn = 'arn:aws:events:us-east-1:000000000000:rule/uploads';
  await lambda.send(new AddPermissionCommand({ ...permission, Principal: 'events.amazonaws.com', SourceArn }));

  expect(await tries(rule('uploads'), 'live')).toBe('allowed');
  expect(await tries(rule('others'), 'live')).toBe('AccessDeniedException');
  expect(await tries(rule('uploads'))).toBe('AccessDeniedException');
  expect(await tries(rule('uploads'), '1')).toBe('AccessDeniedException');

  const { Policy } = await lambda.send(new GetPolicyCommand({ FunctionName, Qualifier: 'live' }));
  expect(JSON.parse(Policy ?? '').Statement).toEqual([
    {
      Sid: 'uploads',
      Effect: 'Allow',
      Principal: { Service: 'events.amazonaws.com' },
      Action: 'lambda:InvokeFunction',
      Resource: `${arn}:live`,
      Condition: { ArnLike: { 'AWS:SourceArn': SourceArn } },
    },
  ]);
  await lambda.send(new RemovePermissionCommand({ FunctionName, Qualifier: 'live', StatementId: 'uploads' }));
  expect(await tries(rule('uploads'), 'live')).toBe('AccessDeniedException');
});

test('a role may invoke the qualifiers that its policy names', async () => {
  const caller = cloud.kernel.context.rolePrincipal(ROLE, 'caller');
  role.set([['lambda:InvokeFunction', `${arn}:live`]]);
  expect([await tries(caller, 'live'), await tries(caller), await tries(caller, '1')]).toEqual([
    'allowed',
    'AccessDeniedException',
    'AccessDeniedException',
  ]);
});
