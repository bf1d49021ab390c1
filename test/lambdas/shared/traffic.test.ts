import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { mockClient } from 'aws-sdk-client-mock';
import { expect, test } from 'vitest';
import { lambdaTraffic } from '../../../lambdas/shared/traffic.ts';

const lambda = mockClient(LambdaClient);

/** The fingerprint of what is deployed, with these variables. */
async function codeWith(Variables: Record<string, string>): Promise<string> {
  const deployed = { CodeSha256: 'sha', MemorySize: 1024, Timeout: 30, Runtime: 'nodejs24.x' as const };
  lambda.on(GetFunctionConfigurationCommand).resolves({ ...deployed, Environment: { Variables } });
  return lambdaTraffic('predict', lambda as unknown as LambdaClient).code('7');
}

test('other settings of capture are other code, which is rolled out; another model is not', async () => {
  const settings = { MODEL_NAME: 'churn', CAPTURE: '{"sample":1,"redact":[]}' };
  const before = await codeWith({ ...settings, MODEL: '' });
  expect(await codeWith({ ...settings, MODEL: '{"version":1}' })).toBe(before);
  expect(await codeWith({ ...settings, CAPTURE: '{"sample":1,"redact":["email"]}' })).not.toBe(before);
});
