import { MetricUnit } from '@aws-lambda-powertools/metrics';
import * as z from 'zod';
import { settleInput } from '../../domain/flow.ts';
import { snsAnnouncer } from '../shared/announcements.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { stepFunctions } from '../shared/executions.ts';
import { logger, metrics } from '../shared/observability.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { type Ending, type Settled, settle } from './settle.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
  TRAIN_STATE_MACHINE_ARN: z.string(),
});
const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, environment.MODEL_CONFIG.name),
  executions: stepFunctions(environment.TRAIN_STATE_MACHINE_ARN),
  announcer: { ...snsAnnouncer(environment.ALERTS_TOPIC_ARN), artifactBucket: environment.ARTIFACT_BUCKET },
  now: () => new Date().toISOString(),
};

/**
 * "Step Functions Execution Status Change" for an execution that ended without recording its outcome: aborted by a person,
 * out of time, or failed where its own failure path could not run.
 */
const statusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({
    name: z.string(),
    status: z.enum(['FAILED', 'TIMED_OUT', 'ABORTED']),
    error: z.string().nullish(),
    cause: z.string().nullish(),
  }),
});

const input = z.union([settleInput, statusChange]);

/** A message of a failure is for people: long traces belong in the log. */
const LONGEST_REASON = 500;

export const handler = taskHandler(input, async (event) => {
  const { status, now } = await settleEvent(event);
  logger.info('settled', { status, now });
  if (now) count(status);
  return { status };
});

function settleEvent(event: z.infer<typeof input>): Promise<Settled> {
  if ('detail' in event) {
    const { name, status, error, cause } = event.detail;
    const reason = [`execution ${status.toLowerCase().replace('_', ' ')}`, error, cause].filter(Boolean).join(': ');
    return settle(name, failed([reason.slice(0, LONGEST_REASON)]), ports);
  }
  const { run, outcome } = event;
  const { status, version = null, semver = null, reportKey = null, failure } = outcome;
  if (status === 'FAILED') return settle(run.runId, failed([...outcome.reasons, ...explain(failure)]), ports);
  return settle(run.runId, { status, version, semver, reportKey, reasons: outcome.reasons }, ports);
}

/** How often runs of a model end how. A metric costs only in hours in which runs end. */
function count(outcome: string): void {
  metrics.addDimensions({ model: environment.MODEL_CONFIG.name, outcome });
  metrics.addMetric('SettledRuns', MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
}

const failed = (reasons: string[]): Ending => ({
  status: 'FAILED',
  version: null,
  semver: null,
  reportKey: null,
  reasons,
});

/** Lambda's cause is a JSON text with the message in it. */
function explain(failure: { Error?: string; Cause?: string } = {}): string[] {
  if (failure.Error === undefined && failure.Cause === undefined) return [];
  let message = failure.Cause ?? '';
  try {
    message = (JSON.parse(message) as { errorMessage?: string }).errorMessage ?? message;
  } catch {
    // Not every cause is JSON: a timeout's is a plain sentence, which is what we want then.
  }
  return [`${failure.Error ?? 'failed'}: ${message}`.slice(0, LONGEST_REASON)];
}
