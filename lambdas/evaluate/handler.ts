import * as z from 'zod';
import { InvalidArtifact } from '../../domain/errors.ts';
import { evaluateInput } from '../../domain/flow.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { evaluate } from './evaluate.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
});
const config = environment.MODEL_CONFIG;
const registry = dynamoRegistry(environment.REGISTRY_TABLE, config.name);
const ports = {
  objects: s3Objects(),
  bucket: environment.ARTIFACT_BUCKET,
  async champion() {
    const { champion } = await registry.head();
    if (champion === null) return null;
    const version = await registry.version(champion);
    if (!version) throw new InvalidArtifact(`The registry has no version ${champion}, which it calls the champion`);
    return { version: champion, artifact: version.artifact };
  },
};

export const handler = taskHandler(evaluateInput, (input) => evaluate(input, config, ports));
