import { dynamodbActions } from './dynamodb.ts';
import { putEvents } from './events.ts';
import { startExecution } from './executions.ts';
import type { Integration } from './integration.ts';
import { lambdaInvoke } from './lambda.ts';
import { snsPublish, sqsSendMessage } from './messaging.ts';
import type { Pattern, Resource } from './resource.ts';
import { sdkIntegration } from './sdk.ts';

const OPTIMIZED: Readonly<Record<string, Integration>> = {
  'lambda:invoke': lambdaInvoke,
  'sqs:sendMessage': sqsSendMessage,
  'sns:publish': snsPublish,
  'events:putEvents': putEvents,
  'states:startExecution': startExecution,
  ...dynamodbActions,
};

/** Patterns beyond request and response. */
const PATTERNS: Readonly<Record<string, readonly Pattern[]>> = {
  'lambda:invoke': ['waitForTaskToken'],
  'sqs:sendMessage': ['waitForTaskToken'],
  'sns:publish': ['waitForTaskToken'],
  'events:putEvents': ['waitForTaskToken'],
  'states:startExecution': ['sync', 'sync:2', 'waitForTaskToken'],
};

/** The integration behind a resource; undefined where the local cloud has none. */
export function integrationOf({
  resourceType,
  action,
  pattern,
}: Extract<Resource, { kind: 'service' }>): Integration | undefined {
  const [, sdkService] = /^aws-sdk:(.+)$/.exec(resourceType) ?? [];
  if (sdkService) return pattern.startsWith('sync') ? undefined : sdkIntegration(sdkService, action);
  const name = `${resourceType}:${action}`;
  if (pattern !== 'request' && !PATTERNS[name]?.includes(pattern)) return undefined;
  return OPTIMIZED[name];
}
