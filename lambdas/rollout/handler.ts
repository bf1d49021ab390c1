import * as z from 'zod';
import { InvalidArtifact } from '../../domain/errors.ts';
import { goldenMismatch, goldenSchema } from '../../domain/golden.ts';
import { rolloutCard } from '../../domain/names.ts';
import type { Version } from '../../domain/registry-items.ts';
import { type RolloutStepInput, rolloutStepInput } from '../../domain/rollout/flow.ts';
import { rolloutPage } from '../../domain/rollout/page.ts';
import { scoresSchema } from '../../domain/scores.ts';
import { sliceColumns } from '../../domain/slice-columns.ts';
import { snsAnnouncer } from '../shared/announcements.ts';
import { loggedRequests } from '../shared/captured-requests.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { rolloutExecutions } from '../shared/executions.ts';
import { cloudWatchRequests } from '../shared/live-requests.ts';
import { s3Objects } from '../shared/objects.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { lambdaTraffic } from '../shared/traffic.ts';
import { align, recover, stopOnAlarm } from './align.ts';
import { analyse } from './analyse.ts';
import { awaitQuiet } from './await-quiet.ts';
import { rollBack } from './end.ts';
import type { RolloutPorts } from './ports.ts';
import { prepare } from './prepare.ts';
import { promote } from './promote.ts';
import { putBack } from './put-back.ts';
import { release } from './release.ts';
import { shift, tryGoldenRows } from './shift.ts';
import { takeLock } from './take-lock.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  ALERTS_TOPIC_ARN: z.string(),
  PREDICT_FUNCTION_NAME: z.string(),
  PREDICT_LOG_GROUP: z.string(),
  ROLLOUT_STATE_MACHINE_ARN: z.string(),
  ALARM_NAMES: z.string().transform((names) => names.split(',').filter((name) => name !== '')),
});
const { MODEL_CONFIG: config, ARTIFACT_BUCKET: bucket } = environment;
const objects = s3Objects();
const traffic = lambdaTraffic(environment.PREDICT_FUNCTION_NAME);
const answerSchema = z.object({ predictions: z.array(z.unknown()) });

async function smokeTest(version: Version, functionVersion: string): Promise<void> {
  const golden = await objects.getJson({ bucket: version.artifact.bucket, key: version.files.golden }, goldenSchema);
  const instances = golden.rows.map((row) => row.instance);
  const answer = answerSchema.safeParse(await traffic.predict(functionVersion, instances));
  const mismatch = answer.success ? goldenMismatch(golden, answer.data.predictions) : 'its answer holds no predictions';
  if (mismatch) throw new InvalidArtifact(`Version ${version.version} does not answer as it was judged: ${mismatch}`);
  for (let request = 0; request < WARM_UP_REQUESTS; request += 1) await traffic.predict(functionVersion, instances);
}

/**
 * The champion runs code that was compiled long ago. A challenger whose first live requests wait for the compiler looks
 * slower than it is: they are few, but all of them are at the start, when each one counts most.
 */
const WARM_UP_REQUESTS = 20;

const ports: RolloutPorts = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  traffic,
  requests: {
    ...cloudWatchRequests({
      functionName: environment.PREDICT_FUNCTION_NAME,
      logGroup: environment.PREDICT_LOG_GROUP,
      alarmNames: environment.ALARM_NAMES,
    }),
    ...loggedRequests(environment.PREDICT_LOG_GROUP),
  },
  sliceColumns: sliceColumns(config, config.gates ?? []),
  strategy: config.rollout,
  executions: rolloutExecutions(environment.ROLLOUT_STATE_MACHINE_ARN),
  announcer: snsAnnouncer(environment.ALERTS_TOPIC_ARN),
  smokeTest,
  scores: (version) => objects.getJson({ bucket, key: version.files.scores }, scoresSchema),
  async writeCard({ model, runId, token }, card) {
    const keys = rolloutCard(model, runId, token);
    await objects.putJson({ bucket, key: keys.json }, card);
    const page = Buffer.from(rolloutPage(card));
    await objects.putBytes({ bucket, key: keys.html }, page, { contentType: 'text/html; charset=utf-8' });
    return `s3://${bucket}/${keys.html}`;
  },
  now: () => new Date().toISOString(),
};

type Steps = {
  [Action in RolloutStepInput['action']]: (
    input: Extract<RolloutStepInput, { action: Action }>,
    ports: RolloutPorts,
  ) => Promise<object>;
};
const STEPS: Steps = {
  takeLock,
  prepare,
  tryGoldenRows,
  awaitQuiet,
  shift,
  analyse,
  promote,
  rollBack,
  release,
  putBack,
};

/** An execution that ended where its own failure path could not run. */
const statusChange = z.object({
  'detail-type': z.literal('Step Functions Execution Status Change'),
  detail: z.object({ name: z.string(), status: z.string(), cause: z.string().nullish() }),
});
const alarmChange = z.object({ 'detail-type': z.literal('CloudWatch Alarm State Change') });
const occasion = z.object({
  'detail-type': z.enum(['CloudFormation Stack Status Change', 'Scheduled Event']),
});
const input = z.union([rolloutStepInput, statusChange, alarmChange, occasion]);

/** The steps of the state machine, and everything else that may happen to a model's traffic. */
export const handler = taskHandler(input, async (event): Promise<object> => {
  if ('action' in event) return perform(event);
  if ('detail' in event) {
    const { name, status, cause } = event.detail;
    const why = `execution ${status.toLowerCase().replace('_', ' ')}${cause ? `: ${cause}` : ''}`.slice(0, 500);
    return recover({ owner: name, why }, ports);
  }
  return event['detail-type'] === 'CloudWatch Alarm State Change' ? stopOnAlarm(ports) : align(ports);
});

function perform<Action extends RolloutStepInput['action']>(
  step: Extract<RolloutStepInput, { action: Action }>,
): Promise<object> {
  const run: Steps[Action] = STEPS[step.action as Action];
  return run(step, ports);
}
