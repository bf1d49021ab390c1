/** Where things live: S3 keys, registry keys, metric and output names that both the stacks and the handlers need. */

/** `<model>/training/` – datasets go here. */
export const trainingPrefix = (model: string) => `${model}/training/`;

/** `<model>/truth/` – late labels go here. */
export const truthPrefix = (model: string) => `${model}/truth/`;

/** `<model>/quarantine/<sha256>/` – where a refused upload is moved, with its report. */
export const quarantinePrefix = (model: string, sha256: string) => `${model}/quarantine/${sha256}/`;

/** `<model>/runs/<runId>/` in the artifact bucket – everything that one run writes. */
export const runPrefix = (model: string, runId: string) => `${model}/runs/${runId}/`;

/** The files of a run, relative to {@link runPrefix}. */
export const RUN_FILES = {
  schema: 'schema.json',
  validation: 'validation.json',
  train: 'train.csv',
  test: 'test.ndjson',
  profile: 'profile.json',
  evaluation: 'evaluation.json',
  scores: 'scores.json',
  golden: 'golden.json',
  judgement: 'judgement.json',
  cardJson: 'card.json',
  cardHtml: 'card.html',
} as const;

/** `<run prefix>candidates/<learner>/artifact.zip`. */
export const candidateArtifact = (model: string, runId: string, learner: string) =>
  `${runPrefix(model, runId)}candidates/${learner}/artifact.zip`;

/** `rollout-<token>.json` and `.html` among the files of the run that made the challenger: the card of one rollout. */
export const rolloutCard = (model: string, runId: string, token: number) => ({
  json: `${runPrefix(model, runId)}rollout-${token}.json`,
  html: `${runPrefix(model, runId)}rollout-${token}.html`,
});

/** Registry keys: partition `MODEL#<model>`, sort keys below. */
export const registryPartition = (model: string) => `MODEL#${model}`;
export const SORT_KEYS = {
  head: 'HEAD',
  slot: 'SLOT',
  schema: 'SCHEMA',
  version: (version: number) => `VERSION#${String(version).padStart(6, '0')}`,
  decision: (sequence: number) => `DECISION#${String(sequence).padStart(10, '0')}`,
  dataset: (sha256: string) => `DATASET#${sha256}`,
  upload: (id: string) => `UPLOAD#${id}`,
  run: (runId: string) => `RUN#${runId}`,
  rollout: (token: number) => `ROLLOUT#${String(token).padStart(10, '0')}`,
  approval: (version: number) => `APPROVAL#${String(version).padStart(6, '0')}`,
} as const;

/** CloudWatch namespace of Sluice's own metrics. */
export const METRIC_NAMESPACE = 'Sluice';

/** Stable names of stack outputs, the contract with people, scripts and the CLI. */
export const OUTPUTS = {
  dataBucket: 'DataBucketName',
  artifactBucket: 'ArtifactBucketName',
  registryTable: 'RegistryTableName',
  alertsTopic: 'AlertsTopicArn',
  trainStateMachine: 'TrainStateMachineArn',
  rolloutStateMachine: 'RolloutStateMachineArn',
  predictFunction: 'PredictFunctionName',
  predictUrl: 'PredictUrl',
} as const;

/** Stack names: `Sluice-<environment>-Data` and `Sluice-<environment>-<model>`. */
export const dataStackName = (environment: string) => `Sluice-${environment}-Data`;
export const modelStackName = (environment: string, model: string) => `Sluice-${environment}-${model}`;

/** The alias that callers of a model use; its routing is the traffic split. */
export const LIVE_ALIAS = 'live';
