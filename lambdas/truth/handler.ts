import * as z from 'zod';
import { objectCreatedSchema } from '../intake/object-event.ts';
import { s3UploadReader } from '../intake/upload-reader.ts';
import { s3QuarantinePorts } from '../quarantine/s3-ports.ts';
import { snsAnnouncer } from '../shared/announcements.ts';
import { engineLimits } from '../shared/duckdb.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Client, s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { storedUploads } from '../shared/stored-uploads.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { takeLost } from './take-lost.ts';
import { takeTruth } from './truth.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  DATA_BUCKET: z.string(),
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
});
const { MODEL_CONFIG: config, DATA_BUCKET: dataBucket, ARTIFACT_BUCKET: artifactBucket } = environment;
const client = s3Client();
const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  uploads: s3UploadReader(client, dataBucket),
  objects: s3Objects(client),
  moves: s3QuarantinePorts(client, { data: dataBucket, artifacts: artifactBucket }),
  announcer: { ...snsAnnouncer(environment.ALERTS_TOPIC_ARN), artifactBucket },
  now: () => new Date().toISOString(),
};

/** An upload, or the look once a day for those whose event never came. */
const truthEvent = z.union([objectCreatedSchema, z.object({ lost: z.literal(true) })]);

/** Called by EventBridge without waiting: what fails is tried twice more, and then kept in the queue of undelivered events. */
export const handler = taskHandler(truthEvent, async (event, context) => {
  const withEngine = { ...ports, engine: engineLimits(context) };
  if ('lost' in event) {
    const account = context.invokedFunctionArn.split(':')[4] ?? '';
    const stored = (prefix: string) => storedUploads(client, { bucket: dataBucket, prefix });
    const found = await takeLost(account, { ...withEngine, stored }, { config, dataBucket });
    logger.info('lost truth', { ...found });
    return found;
  }
  const result = await takeTruth(event, withEngine, { config, dataBucket });
  logger.info('truth', { key: event.detail.object.key, versionId: event.detail.object['version-id'], ...result });
  return result;
});
