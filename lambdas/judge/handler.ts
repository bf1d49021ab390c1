import * as z from 'zod';
import { judgeInput } from '../../domain/flow.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { judge } from './judge.ts';

const environment = readEnvironment({ MODEL_CONFIG: modelConfigVariable, ARTIFACT_BUCKET: z.string() });
const ports = {
  objects: s3Objects(),
  artifactBucket: environment.ARTIFACT_BUCKET,
  config: environment.MODEL_CONFIG,
};

export const handler = taskHandler(judgeInput, async (input) => {
  const output = await judge(input, ports);
  logger.info('judged', {
    model: input.run.model,
    runId: input.run.runId,
    passed: output.passed,
    failed: output.failed,
  });
  return output;
});
