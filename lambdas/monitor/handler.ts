import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { type MonitorStepInput, monitorStepInput } from '../../domain/monitor/flow.ts';
import { engineLimits } from '../shared/duckdb.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { rolloutExecutions } from '../shared/executions.ts';
import { s3Listing } from '../shared/object-listing.ts';
import { s3Objects } from '../shared/objects.ts';
import { logger, metrics } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { cloudWatchAnswered } from './answered-requests.ts';
import { collect } from './collect.ts';
import { compare } from './compare.ts';
import { fail } from './fail.ts';
import type { MonitorPorts } from './ports.ts';
import { profile } from './profile.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  DATA_BUCKET: z.string(),
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  PREDICT_FUNCTION_NAME: z.string(),
  PREDICT_LOG_GROUP: z.string(),
  MONITOR_STATE_MACHINE_ARN: z.string(),
});
const { MODEL_CONFIG: config } = environment;
// The model alone: the service, which the library adds, would be one more metric of each name.
metrics.clearDefaultDimensions();
metrics.setDefaultDimensions({ Model: config.name });

const ports: Omit<MonitorPorts, 'engine'> = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  objects: s3Objects(),
  listing: s3Listing(),
  config,
  dataBucket: environment.DATA_BUCKET,
  artifactBucket: environment.ARTIFACT_BUCKET,
  requests: cloudWatchAnswered({
    functionName: environment.PREDICT_FUNCTION_NAME,
    logGroup: environment.PREDICT_LOG_GROUP,
  }),
  executions: rolloutExecutions(environment.MONITOR_STATE_MACHINE_ARN),
  publish(values) {
    const known = Object.entries(values);
    if (known.length === 0) return;
    for (const [name, value] of known) metrics.addMetric(name, MetricUnit.NoUnit, value);
    metrics.publishStoredMetrics();
  },
  now: () => new Date().toISOString(),
};

type Steps = {
  [Action in MonitorStepInput['action']]: (
    input: Extract<MonitorStepInput, { action: Action }>,
    ports: MonitorPorts,
  ) => Promise<object>;
};
const STEPS: Steps = { collect, profile, compare, fail };

/** The steps of the state machine that watches a model. */
export const handler = taskHandler(monitorStepInput, async (input, context): Promise<object> => {
  const answer = await perform(input, context);
  logger.info('monitor step', { model: config.name, step: input.action, ...answer });
  return answer;
});

function perform<Action extends MonitorStepInput['action']>(
  step: Extract<MonitorStepInput, { action: Action }>,
  context: Context,
): Promise<object> {
  const run: Steps[Action] = STEPS[step.action as Action];
  return run(step, { ...ports, engine: engineLimits(context) });
}
