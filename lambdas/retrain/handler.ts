import { createReadStream } from 'node:fs';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import * as z from 'zod';
import { captureSettingsOf } from '../../domain/capture.ts';
import { retrainInput } from '../../domain/retrain.ts';
import { engineLimits } from '../shared/duckdb.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Listing } from '../shared/object-listing.ts';
import { s3Client, s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { type RetrainResults, retrain } from './retrain.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  DATA_BUCKET: z.string(),
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
});
const { MODEL_CONFIG: config } = environment;
const client = s3Client();
const ports = {
  model: config.name,
  config,
  redact: captureSettingsOf(config).redact,
  dataBucket: environment.DATA_BUCKET,
  artifactBucket: environment.ARTIFACT_BUCKET,
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  objects: s3Objects(client),
  listing: s3Listing(client),
  results: s3Results(client),
  now: () => new Date().toISOString(),
};

export const handler = taskHandler(retrainInput, async (input, context) => {
  const output = await retrain(input, { ...ports, engine: engineLimits(context) });
  logger.info('retraining data', { model: config.name, ...input, ...output });
  return output;
});

function s3Results(s3: S3Client): RetrainResults {
  return {
    async find({ bucket, key }) {
      // Asked for by its list: of a key that is not there S3 tells nothing but "forbidden" without more rights than needed.
      for await (const found of s3Listing(s3).objects({ bucket, prefix: key })) {
        if (found.key !== key) continue;
        const { Metadata = {} } = await s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
        return Metadata;
      }
      return null;
    },
    async putOnce(file, { bucket, key }, Metadata) {
      const Body = createReadStream(file);
      const params = { Bucket: bucket, Key: key, Body, Metadata, IfNoneMatch: '*' };
      try {
        await new Upload({ client: s3, partSize: 8 * 1024 ** 2, queueSize: 2, params }).done();
        return true;
      } catch (error) {
        if ((error as Error).name === 'PreconditionFailed') return false;
        throw error;
      } finally {
        Body.destroy();
      }
    },
  };
}
