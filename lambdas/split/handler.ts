import * as z from 'zod';
import { splitInput } from '../../domain/flow.ts';
import { engineLimits } from '../shared/duckdb.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { split } from './split.ts';

const environment = readEnvironment({ MODEL_CONFIG: modelConfigVariable, ARTIFACT_BUCKET: z.string() });
const config = environment.MODEL_CONFIG;
const objects = s3Objects();

export const handler = taskHandler(splitInput, async (input, context) => {
  const output = await split(input, {
    objects,
    config,
    artifactBucket: environment.ARTIFACT_BUCKET,
    engine: engineLimits(context),
  });
  logger.info('dataset split', { model: config.name, runId: input.run.runId, ...output });
  return output;
});
