import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CloudContext } from '../../../local/kernel/service.ts';
import { lambdaService } from '../../../local/lambda/service.ts';
import { startKernel, type TestKernel } from '../../support/kernel.ts';
import { createFunction, invoke, ROLE } from '../../support/lambda.ts';
import { handlerRole } from '../../support/roles.ts';

const GROUP = 'arn:aws:logs:us-east-1:000000000000:log-group:handlers:*';
const role = handlerRole();
const lines: { group: string; stream: string; line: string }[] = [];
const data: Parameters<CloudContext['putServiceMetric']>[0][] = [];

let cloud: TestKernel;
let lambda: LambdaClient;
beforeEach(async () => {
  lines.length = 0;
  data.length = 0;
  role.set([[['logs:CreateLogStream', 'logs:PutLogEvents'], GROUP]]);
  const observer = () => ({
    name: 'observer',
    operations: {},
    sinks: {
      putLogEvents: (group: string, stream: string, messages: readonly string[]) =>
        void lines.push(...messages.map((line) => ({ group, stream, line }))),
      putServiceMetric: (datum: (typeof data)[number]) => void data.push(datum),
    },
  });
  cloud = await startKernel({ services: [lambdaService, observer], authorize: role.authorize });
  lambda = new LambdaClient(cloud.client);
});
afterEach(() => cloud.stop());

const source = `exports.handler = async (event) => {
  console.log('two\\nlines', { n: 1 });
  console.warn('careful');
  process.stdout.write('{"raw":true}\\n');
  if (event.fail) throw new Error('no');
};`;

describe('the log of an invocation', () => {
  test('is in the group, one event a call of the console, between START and REPORT', async () => {
    await createFunction(lambda, 'talks', source, { LoggingConfig: { LogGroup: 'handlers' } });
    await invoke(lambda, 'talks');
    const id = /RequestId: (\S+)/.exec(lines[0]?.line ?? '')?.[1];
    expect(lines.map(({ line }) => line)).toEqual([
      `START RequestId: ${id} Version: $LATEST`,
      expect.stringMatching(new RegExp(`^2026-01-05T.*Z\\t${id}\\tINFO\\ttwo\\nlines { n: 1 }$`)),
      expect.stringMatching(new RegExp(`\\t${id}\\tWARN\\tcareful$`)),
      '{"raw":true}',
      `END RequestId: ${id}`,
      expect.stringMatching(
        /^REPORT .*\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms$/,
      ),
    ]);
    expect(new Set(lines.map(({ group, stream }) => `${group} ${stream.slice(0, 24)}`))).toEqual(
      new Set(['handlers 2026/01/05/talks[$LATEST']),
    );
  });

  test('is JSON where the function asks for it, from its level on', async () => {
    const LoggingConfig = { LogGroup: 'handlers', LogFormat: 'JSON', ApplicationLogLevel: 'WARN' } as const;
    await createFunction(lambda, 'talks', source, { LoggingConfig });
    await invoke(lambda, 'talks', { fail: true });
    const parsed = lines.map(({ line }) => JSON.parse(line));
    expect(parsed).toMatchObject([
      { type: 'platform.start', record: { version: '$LATEST' } },
      { level: 'WARN', message: 'careful', requestId: expect.any(String) },
      { raw: true },
      { level: 'ERROR' },
      { type: 'platform.report', record: { status: 'success', metrics: { memorySizeMB: 128 } } },
    ]);
  });

  test('is not written without the permission, and the function runs all the same', async () => {
    await createFunction(lambda, 'talks', source, { LoggingConfig: { LogGroup: 'elsewhere' } });
    const { error, log } = await invoke(lambda, 'talks');
    expect(error).toBeUndefined();
    expect(log).toContain('careful');
    expect(lines).toEqual([]);
    expect(role.report().denied).toMatchObject([
      { action: 'logs:CreateLogStream', resource: expect.stringContaining('log-group:elsewhere') },
    ]);
  });
});

test('the metrics of a function count its invocations and its errors', async () => {
  await createFunction(lambda, 'talks', source);
  await invoke(lambda, 'talks');
  await invoke(lambda, 'talks', { fail: true });
  const sum = (name: string) =>
    data
      .filter((datum) => datum.name === name && Object.keys(datum.dimensions).join() === 'FunctionName')
      .reduce((total, { value }) => total + value, 0);
  expect([sum('Invocations'), sum('Errors'), sum('Throttles')]).toEqual([2, 1, 0]);
  expect(data.filter(({ name, dimensions }) => name === 'Duration' && dimensions.Resource === 'talks')).toHaveLength(2);
});

describe('a role', () => {
  const Active = { TracingConfig: { Mode: 'Active' } } as const;

  test('that may not write traces cannot have them switched on', async () => {
    await expect(createFunction(lambda, 'traced', source, Active)).rejects.toThrow(
      'The provided execution role does not have permissions to call PutTraceSegments on XRAY',
    );
    role.set([[['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], '*']]);
    await createFunction(lambda, 'traced', `exports.handler = async () => process.env._X_AMZN_TRACE_ID;`, Active);
    expect((await invoke(lambda, 'traced')).value).toMatch(
      /^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=1$/,
    );
  });

  test('that Lambda may not assume is refused', async () => {
    const Statement = {
      Effect: 'Allow',
      Principal: { Service: 'states.amazonaws.com' },
      Action: 'sts:AssumeRole',
    } as const;
    role.setRole({ roleArn: ROLE, trust: { Version: '2012-10-17', Statement }, policies: new Map() });
    await expect(createFunction(lambda, 'nobody', source)).rejects.toThrow(
      'The role defined for the function cannot be assumed by Lambda.',
    );
  });
});
