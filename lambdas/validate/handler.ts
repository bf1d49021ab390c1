import * as z from 'zod';
import { dataSchema } from '../../domain/data-schema.ts';
import { validateInput } from '../../domain/flow.ts';
import { engineLimits } from '../shared/duckdb.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { validate } from './validate.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
});
const config = environment.MODEL_CONFIG;
const registry = dynamoRegistry(environment.REGISTRY_TABLE, config.name);
const objects = s3Objects();

export const handler = taskHandler(validateInput, async (input, context) => {
  const output = await validate(input, {
    objects,
    config,
    artifactBucket: environment.ARTIFACT_BUCKET,
    pinnedSchema: async () => {
      const pinned = await registry.pinnedSchema();
      return pinned && dataSchema.parse(pinned.schema);
    },
    engine: engineLimits(context),
  });
  logger.info('dataset validated', { model: config.name, runId: input.run.runId, ...output });
  return output;
});
