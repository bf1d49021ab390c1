import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { snsAnnouncer } from '../shared/announcements.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { stepFunctions } from '../shared/executions.ts';
import { s3Client } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { eventOf, storedUploads } from '../shared/stored-uploads.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { reconcile } from './reconcile.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  DATA_BUCKET: z.string(),
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
  TRAIN_STATE_MACHINE_ARN: z.string(),
  INTAKE_QUEUE_URL: z.string(),
});
const { name: model } = environment.MODEL_CONFIG;

/** As for every other call: far above the usual, far below the function's timeout; what fails now is found in an hour. */
const sqs = new SQSClient({
  maxAttempts: 4,
  requestHandler: { connectionTimeout: 2_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
});

export const handler = taskHandler(z.looseObject({}), async (_event, context) => {
  const s3 = s3Client();
  const account = context.invokedFunctionArn.split(':')[4] ?? '';
  const found = await reconcile(model, {
    registry: dynamoRegistry(environment.REGISTRY_TABLE, model),
    executions: stepFunctions(environment.TRAIN_STATE_MACHINE_ARN),
    announcer: { ...snsAnnouncer(environment.ALERTS_TOPIC_ARN), artifactBucket: environment.ARTIFACT_BUCKET },
    now: () => new Date().toISOString(),
    stored: (prefix) => storedUploads(s3, { bucket: environment.DATA_BUCKET, prefix }),
    offer: async (upload) => {
      const MessageBody = JSON.stringify(eventOf(upload, { account, bucket: environment.DATA_BUCKET }));
      await sqs.send(new SendMessageCommand({ QueueUrl: environment.INTAKE_QUEUE_URL, MessageBody }));
    },
  });
  logger.info('reconciled', { ...found });
  return found;
});
