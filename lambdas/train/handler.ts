import { tmpdir } from 'node:os';
import * as z from 'zod';
import { trainInput } from '../../domain/flow.ts';
import { s3WriteOnce } from '../shared/artifact-store.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger } from '../shared/observability.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { trainCandidate } from './train.ts';
import { threadTrainer } from './trainer.ts';
import './worker.ts';

const environment = readEnvironment({ MODEL_CONFIG: modelConfigVariable, ARTIFACT_BUCKET: z.string() });
const objects = s3Objects();
const ports = {
  objects,
  artifacts: s3WriteOnce(objects),
  // The bundle is one CommonJS file: the thread runs it again, and finds the task for worker.ts.
  trainer: threadTrainer({ worker: __filename, log: (line) => logger.debug('learner', { line }) }),
  bucket: environment.ARTIFACT_BUCKET,
  scratch: tmpdir(),
};

export const handler = taskHandler(trainInput, (input, context) =>
  trainCandidate(input, environment.MODEL_CONFIG, {
    ...ports,
    machine: { seconds: context.getRemainingTimeInMillis() / 1_000, memoryMb: Number(context.memoryLimitInMB) },
  }),
);
