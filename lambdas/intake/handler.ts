import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { injectLambdaContext } from '@aws-lambda-powertools/logger/middleware';
import { captureLambdaHandler } from '@aws-lambda-powertools/tracer/middleware';
import middy from '@middy/core';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import * as z from 'zod';
import { snsAnnouncer } from '../shared/announcements.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { stepFunctions } from '../shared/executions.ts';
import { s3Client } from '../shared/objects.ts';
import { logger, tracer } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { intake } from './intake.ts';
import { objectCreatedSchema } from './object-event.ts';
import { s3UploadReader } from './upload-reader.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  DATA_BUCKET: z.string(),
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
  TRAIN_STATE_MACHINE_ARN: z.string(),
  CODE_COMMIT: z.string(),
});
const { MODEL_CONFIG: config } = environment;

const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  uploads: s3UploadReader(s3Client(), environment.DATA_BUCKET),
  executions: stepFunctions(environment.TRAIN_STATE_MACHINE_ARN),
  announcer: { ...snsAnnouncer(environment.ALERTS_TOPIC_ARN), artifactBucket: environment.ARTIFACT_BUCKET },
  now: () => new Date().toISOString(),
};
const settings = { config, dataBucket: environment.DATA_BUCKET, codeCommit: environment.CODE_COMMIT };
const processor = new BatchProcessor(EventType.SQS);

/** A record fails alone: the others of its batch are done, it comes again, and in the end it is in the DLQ with an alarm. */
async function takeRecord(record: SQSRecord): Promise<void> {
  try {
    const event = objectCreatedSchema.parse(JSON.parse(record.body));
    const result = await intake(event, ports, settings);
    logger.info('upload', { key: event.detail.object.key, versionId: event.detail.object['version-id'], ...result });
  } catch (error) {
    // The batch only says which record failed; without this line nobody could read why.
    logger.error('upload not taken in', { messageId: record.messageId, error: error as Error });
    throw error;
  }
}

export const handler = middy<SQSEvent>()
  .use(injectLambdaContext(logger, { resetKeys: true }))
  .use(captureLambdaHandler(tracer, { captureResponse: false }))
  .handler((event, context) =>
    processPartialResponse(event, takeRecord, processor, { context, throwOnFullBatchFailure: false }),
  );
