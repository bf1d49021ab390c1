import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ResourceRequest, ResourceType } from '../../../local/kernel/resource-type.ts';
import type { Document } from '../../../local/kernel/service.ts';
import { statesService } from '../../../local/states/service.ts';
import { ACCOUNT, ROLE, type StatesCloud, statesCloud } from '../../support/states-cloud.ts';

const definition =
  '{"QueryLanguage":"JSONata","StartAt":"A","States":{"A":{"Type":"Pass","Output":"${Greeting}","End":true}}}';

let cloud: StatesCloud;
let type: ResourceType;
beforeEach(() => {
  cloud = statesCloud();
  const [stateMachine] = statesService(cloud.context).resourceTypes ?? [];
  if (!stateMachine) throw new Error('There is no resource type');
  type = stateMachine;
});
afterEach(() => cloud.stop());

const request = (properties: Document): ResourceRequest => ({
  stackName: 'Stack',
  stackId: 'arn:stack',
  logicalId: 'Train',
  properties,
  physicalName: () => 'Stack-Train-1A2B',
  assembly: { path: () => '' },
  work: cloud.clock.begin('deploy'),
});

const properties = {
  DefinitionString: definition,
  DefinitionSubstitutions: { Greeting: 'say "hello"' },
  RoleArn: ROLE,
  LoggingConfiguration: {
    Level: 'ALL',
    IncludeExecutionData: 'true',
    Destinations: [{ CloudWatchLogsLogGroup: { LogGroupArn: `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:g:*` } }],
  },
  TracingConfiguration: { Enabled: true },
  Tags: [{ Key: 'model', Value: 'churn' }],
};
const arn = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:Stack-Train-1A2B`;

test('AWS::StepFunctions::StateMachine is created with its substitutions and its configuration', async () => {
  expect(await type.create(request(properties))).toMatchObject({
    physicalId: arn,
    attributes: { Arn: arn, Name: 'Stack-Train-1A2B' },
  });
  const machine = await cloud.call('DescribeStateMachine', { stateMachineArn: arn });
  expect(JSON.parse(String(machine.definition)).States.A.Output).toBe('say "hello"');
  expect(machine).toMatchObject({
    type: 'STANDARD',
    roleArn: ROLE,
    tracingConfiguration: { enabled: true },
    loggingConfiguration: { level: 'ALL', includeExecutionData: true },
  });
  expect(await cloud.call('ListTagsForResource', { resourceArn: arn })).toEqual({
    tags: [{ key: 'model', value: 'churn' }],
  });
});

test('AWS::StepFunctions::StateMachine is changed in place, and gone when it is deleted', async () => {
  await type.create(request(properties));
  const next = { ...properties, DefinitionSubstitutions: { Greeting: 'bye' } };
  const { physicalId } = await type.update({ ...request(next), physicalId: arn, previous: properties });
  expect(physicalId).toBe(arn);
  const { definition: changed } = await cloud.call('DescribeStateMachine', { stateMachineArn: arn });
  expect(JSON.parse(String(changed)).States.A.Output).toBe('bye');
  await type.delete({ physicalId: arn, properties: next, work: cloud.clock.begin('deploy') });
  await expect(cloud.call('DescribeStateMachine', { stateMachineArn: arn })).rejects.toThrow(
    'State Machine Does Not Exist',
  );
});

test('AWS::StepFunctions::StateMachine refuses a definition that the service refuses', async () => {
  const broken = { ...properties, DefinitionString: '{"StartAt":"A"}', LoggingConfiguration: undefined };
  await expect(type.create(request(broken))).rejects.toThrow("These fields are required: [States] at /'");
});
