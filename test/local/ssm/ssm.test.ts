import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Document } from '../../../local/kernel/service.ts';
import { ssmService } from '../../../local/ssm/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';

let cloud: TestKernel;
beforeAll(async () => {
  cloud = await startKernel({ services: [ssmService] });
});
afterAll(() => cloud.stop());

const call = (action: string, input: Document): Promise<Document> => {
  const { context } = cloud.kernel;
  return cloud.clock.run('test', (work) => context.call({ kind: 'cloud' }, 'ssm', action, input, work));
};

test('the account looks bootstrapped, recently enough for every template of the CDK', async () => {
  const { Parameter: parameter } = await call('GetParameter', { Name: '/cdk-bootstrap/hnb659fds/version' });
  expect(Number((parameter as { Value: string }).Value)).toBeGreaterThanOrEqual(6);
});

test('a parameter is written, overwritten only when asked, and read with others', async () => {
  await call('PutParameter', { Name: '/a', Value: '1', Type: 'String' });
  await expect(call('PutParameter', { Name: '/a', Value: '2' })).rejects.toMatchObject({
    name: 'ParameterAlreadyExists',
  });
  expect(await call('PutParameter', { Name: '/a', Value: '2', Overwrite: true })).toMatchObject({ Version: 2 });
  expect(await call('GetParameters', { Names: ['/a', '/gone'] })).toMatchObject({
    Parameters: [{ Name: '/a', Value: '2', ARN: 'arn:aws:ssm:us-east-1:000000000000:parameter/a' }],
    InvalidParameters: ['/gone'],
  });
  await call('DeleteParameter', { Name: '/a' });
  await expect(call('GetParameter', { Name: '/a' })).rejects.toMatchObject({ name: 'ParameterNotFound' });
});

test('secrets are not implemented, and said so', async () => {
  await expect(call('PutParameter', { Name: '/s', Value: 'x', Type: 'SecureString' })).rejects.toThrow(
    'does not implement SSM parameters of the type SecureString',
  );
});
