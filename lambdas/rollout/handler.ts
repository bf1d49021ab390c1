import * as z from 'zod';
import { InvalidArtifact } from '../../domain/errors.ts';
import { rolloutInput } from '../../domain/flow.ts';
import { goldenMismatch, goldenSchema } from '../../domain/golden.ts';
import type { Version } from '../../domain/registry-items.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { lambdaTraffic } from '../shared/traffic.ts';
import { rollOut } from './rollout.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  REGISTRY_TABLE: z.string(),
  PREDICT_FUNCTION_NAME: z.string(),
});
const objects = s3Objects();
const traffic = lambdaTraffic(environment.PREDICT_FUNCTION_NAME);
const answerSchema = z.object({ predictions: z.array(z.unknown()) });

/** The deployed version answers the rows that its run kept for this, as it answered them then. */
async function smokeTest(version: Version, functionVersion: string): Promise<void> {
  const golden = await objects.getJson({ bucket: version.artifact.bucket, key: version.files.golden }, goldenSchema);
  const instances = golden.rows.map((row) => row.instance);
  const answer = answerSchema.safeParse(await traffic.predict(functionVersion, instances));
  const mismatch = answer.success ? goldenMismatch(golden, answer.data.predictions) : 'its answer holds no predictions';
  if (mismatch) throw new InvalidArtifact(`Version ${version.version} does not answer as it was judged: ${mismatch}`);
}

const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, environment.MODEL_CONFIG.name),
  traffic,
  smokeTest,
  now: () => new Date().toISOString(),
};

export const handler = taskHandler(rolloutInput, (input) => rollOut(input, ports));
