import * as z from 'zod';
import { reactStepInput } from '../../domain/react/flow.ts';
import { snsAnnouncer } from '../shared/announcements.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { decide } from './decide.ts';
import type { ReactPorts } from './ports.ts';
import { record } from './record.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
});
const { MODEL_CONFIG: config } = environment;

const ports: ReactPorts = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  announcer: snsAnnouncer(environment.ALERTS_TOPIC_ARN),
  settings: { reactions: config.reactions, every: config.monitoring.every },
  model: config.name,
  artifactBucket: environment.ARTIFACT_BUCKET,
  now: () => new Date().toISOString(),
};

/** The steps of the react state machine. */
export const handler = taskHandler(
  reactStepInput,
  (input): Promise<object> => (input.action === 'decide' ? decide(input.trigger, ports) : record(input, ports)),
);
