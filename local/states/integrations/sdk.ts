import type { JsonObject } from '../json.ts';
import { sdkFailure } from './failures.ts';
import { asText, type Integration } from './integration.ts';
import { lowerFirst, renameMembers, upperFirst } from './member-names.ts';

interface SdkService {
  /** The name in the cloud, where it differs. */
  readonly name?: string;
  /** How errors begin. */
  readonly prefix: string;
  /** The service's own members begin with a small letter; state machines write them with a capital one. */
  readonly camelCase?: boolean;
}

/** Spellings by the service's id. https://docs.aws.amazon.com/step-functions/latest/dg/supported-services-awssdk.html */
const SERVICES: Readonly<Record<string, SdkService>> = {
  cloudwatch: { name: 'monitoring', prefix: 'CloudWatch' },
  cloudwatchlogs: { name: 'logs', prefix: 'CloudWatchLogs', camelCase: true },
  dynamodb: { prefix: 'DynamoDb' },
  eventbridge: { name: 'events', prefix: 'EventBridge' },
  secretsmanager: { prefix: 'SecretsManager' },
  sagemaker: { prefix: 'SageMaker' },
  sfn: { name: 'states', prefix: 'Sfn', camelCase: true },
};

/** Members that are JSON text in the service and may be JSON in a state machine. */
const TEXT_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  sfn: ['Input', 'Output'],
  lambda: ['Payload'],
  s3: ['Body'],
};

/** `arn:aws:states:::aws-sdk:<service>:<action>`: any action of any service that the cloud has. */
export function sdkIntegration(id: string, action: string): Integration {
  const { name = id, prefix = upperFirst(id), camelCase = false } = SERVICES[id] ?? { prefix: upperFirst(id) };
  return {
    service: name,
    action: upperFirst(action),
    request: (args) => {
      const texts = TEXT_MEMBERS[id] ?? [];
      const members = Object.entries(args)
        .filter(([, value]) => value !== null)
        .map(([member, value]) => [member, texts.includes(member) ? asText(value) : value]);
      const input = Object.fromEntries(members) as JsonObject;
      return camelCase ? (renameMembers(input, lowerFirst, (date) => date.toISOString()) as JsonObject) : input;
    },
    result: (output) =>
      renameMembers(output, camelCase ? upperFirst : (member) => member, (date) => date.toISOString()),
    failure: (error, requestId) => sdkFailure(id, prefix, error, requestId),
  };
}
